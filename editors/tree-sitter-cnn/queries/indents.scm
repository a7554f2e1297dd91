[(body) (group) (branches) (table)] @indent
["}" "]" ">"] @outdent
