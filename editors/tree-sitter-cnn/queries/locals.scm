[(source_file) (block) (network)] @local.scope
(parameter name: (identifier) @local.definition)
(let name: (identifier) @local.definition)
(name (identifier) @local.reference)
