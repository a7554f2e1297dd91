//! The example of a program that embeds the compiler.

#[path = "../../examples/embed.rs"]
mod example;

#[test]
fn a_program_reports_runs_and_shows_diagnostics_with_the_public_api() {
    let text = example::embed().unwrap();
    for part in ["lenet5  32x32x1 → 10", "the picture shows a 7", "error[E0101]", "did you mean `conv`?"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}
