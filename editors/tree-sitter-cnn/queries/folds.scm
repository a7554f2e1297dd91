[(body) (group) (branches) (table)] @fold
