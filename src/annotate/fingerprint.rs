//! Computes fingerprints of findings, by which a CI system follows them from commit to commit.

use std::collections::BTreeMap;

use super::FileFindings;

/// A fingerprint for each finding of a file, in their order. It is made of rule, file, network, layer and
/// metric, and of the ordinal among findings that agree in these; never of a line or a value.
pub(super) fn fingerprints(file: &FileFindings) -> Vec<String> {
    let mut ordinals: BTreeMap<String, usize> = BTreeMap::new();
    let name = |part: &Option<String>| part.clone().unwrap_or_default();
    file.findings
        .iter()
        .map(|finding| {
            let subject = [
                finding.code.clone(),
                finding.place.file.clone(),
                file.network_of(finding).to_owned(),
                name(&finding.layer),
                name(&finding.metric),
            ]
            .join("\0");
            let ordinal = ordinals.entry(subject.clone()).or_insert(0);
            *ordinal += 1;
            format!("{:016x}", hash(&format!("{subject}\0{ordinal}")))
        })
        .collect()
}

/// FNV-1a, 64 bits.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn lines_and_values_do_not_matter_and_subjects_do() {
        let before = sample(3, 2);
        let mut after = before.clone();
        for finding in &mut after[0].findings {
            finding.place.line += 7;
            finding.message += " more";
        }
        assert_eq!(fingerprints(&before[0]), fingerprints(&after[0]));
        after[0].findings[0].layer = Some("other".to_owned());
        assert_ne!(fingerprints(&before[0])[0], fingerprints(&after[0])[0]);
        let mut all = fingerprints(&before[0]);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 5);
    }
}
