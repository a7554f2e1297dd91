//! Folds repeated blocks: neighbouring scopes with equal rows become one row, `layer3.1 … layer3.5  ×5`, with the
//! sum of their figures.

use super::row::{Row, sum_row};

/// Folds every run of at least two equal scopes of at least two rows, outer scopes first.
pub(super) fn fold(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let mut folded = Vec::new();
    let mut at = 0;
    while at < rows.len() {
        match run(&rows, at) {
            Some((length, copies)) => {
                folded.push(joined(&rows[at..at + length * copies], length, copies));
                at += length * copies;
            }
            None => {
                folded.push(rows[at].clone());
                at += 1;
            }
        }
    }
    folded
}

/// The number of rows of the scope that begins at row `at`, and the number of equal scopes in a row from there on.
fn run(rows: &[Row], at: usize) -> Option<(usize, usize)> {
    let depths = rows[at].name.matches('.').count();
    (1..=depths).find_map(|depth| {
        let scope = prefix(&rows[at].name, depth)?;
        // Fold complete scopes only: this one began in an earlier row.
        if at > 0 && prefix(&rows[at - 1].name, depth) == Some(scope) {
            return None;
        }
        let length = rows[at..].iter().take_while(|row| prefix(&row.name, depth) == Some(scope)).count();
        let mut copies = 1;
        while equal(rows, at, at + length * copies, length, depth) {
            copies += 1;
        }
        (length >= 2 && copies >= 2).then_some((length, copies))
    })
}

/// The first parts of a path that has more.
fn prefix(path: &str, parts: usize) -> Option<&str> {
    path.match_indices('.').nth(parts - 1).map(|(dot, _)| &path[..dot])
}

/// Returns whether the scope at `second` has the same rows as that at `first`, and the same scope around it.
fn equal(rows: &[Row], first: usize, second: usize, length: usize, depth: usize) -> bool {
    let Some(others) = rows.get(second..second + length) else { return false };
    let Some(scope) = prefix(&others[0].name, depth) else { return false };
    let around = |name: &str| if depth > 1 { prefix(name, depth - 1).map(str::to_owned) } else { None };
    let more = rows.get(second + length).and_then(|row| prefix(&row.name, depth)) == Some(scope);
    let pairs = rows[first..first + length].iter().zip(others);
    !more
        && around(&rows[first].name) == around(&others[0].name)
        && pairs.into_iter().all(|(a, b)| {
            let rest = |row: &Row| prefix(&row.name, depth).map(|scope| row.name[scope.len()..].to_owned());
            prefix(&b.name, depth) == Some(scope)
                && rest(a) == rest(b)
                && (&a.op, &a.shape, &a.sums) == (&b.op, &b.shape, &b.sums)
        })
}

fn joined<'a>(rows: &[Row<'a>], length: usize, copies: usize) -> Row<'a> {
    let (first, last) = (&rows[0], &rows[rows.len() - 1]);
    let common = rows[length].name.split('.').zip(first.name.split('.')).take_while(|(a, b)| a == b).count();
    let scope = |row: &Row| row.name.split('.').take(common + 1).collect::<Vec<_>>().join(".");
    let mut sums = first.sums;
    rows[1..].iter().for_each(|row| sums += row.sums);
    let name = format!("{} … {}  ×{copies}", scope(first), scope(last));
    Row {
        input: first.input.clone(),
        shape: last.shape.clone(),
        field: last.field.clone(),
        ..sum_row(name.into(), "…", sums)
    }
}
