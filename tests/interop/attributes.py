"""Lists the attributes of ONNX's standard operators from the package `onnx`, for the test `onnx_attributes`.

    python attributes.py > ../fixtures/onnx_attributes.txt

A line is an operator, an attribute, its type, and a version of the operator sets from 6 to 23 that knows it: the newest, and on a
further line the oldest, where that has another definition of the operator. Operators without attributes have one line with `-`.
"""
import onnx
from onnx.defs import OpSchema, get_all_schemas_with_history

OLDEST, NEWEST = 6, 23


def main():
    by_name = {}
    for schema in get_all_schemas_with_history():
        if schema.domain == "":
            by_name.setdefault(schema.name, []).append(schema)
    print(f"# onnx {onnx.__version__}")
    for name, schemas in sorted(by_name.items()):
        schemas.sort(key=lambda schema: schema.since_version)
        versions = {}
        for schema, following in zip(schemas, schemas[1:] + [None]):
            until = min(following.since_version - 1 if following else NEWEST, NEWEST)
            if schema.deprecated or until < OLDEST or schema.since_version > NEWEST:
                continue
            versions.setdefault("-", []).append(("-", until))
            for attribute, one in schema.attributes.items():
                versions.setdefault(attribute, []).append((OpSchema.AttrType(one.type).name, until))
        for attribute, found in sorted(versions.items()):
            if attribute == "-" and len(versions) > 1:
                continue
            for kind, version in dict.fromkeys([found[-1], found[0]]):
                print(name, attribute, kind, version)


if __name__ == "__main__":
    main()
