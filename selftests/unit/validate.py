#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""validate.py [--all] SCHEMA FILE: prints what is wrong with the lines of a recording, and which types of objects it holds.
With --all also what the schema allows and the recording never has: properties, and words out of a list."""

import collections
import json
import sys

import jsonschema


class Coverage:
    """What of a schema instances have used."""

    def __init__(self, schema):
        self.definitions = schema["$defs"]
        self.unused = set()

    def of(self, node):
        while "$ref" in node:
            node = self.definitions[node["$ref"].rsplit("/", 1)[1]]
        return node

    def expect(self, node, path):
        """Whatever can be in such a place is unused so far."""
        node = self.of(node)
        # The same word in objects of several types is used if one of them has it.
        for word in node.get("enum", []):
            self.unused.add(f"{path.rsplit('.', 1)[-1]}={word}")
        for key, value in node.get("properties", {}).items():
            self.unused.add(f"{path}.{key}")
            self.expect(value, f"{path}.{key}")
        if "items" in node:
            self.expect(node["items"], path)

    def use(self, node, path, value):
        """Such a place has this value."""
        node = self.of(node)
        self.unused.discard(path)
        if isinstance(value, list):
            for item in value:
                self.use(node["items"], path, item)
        elif isinstance(value, dict):
            for key, item in value.items():
                self.use(node["properties"][key], f"{path}.{key}", item)
        else:
            self.unused.discard(f"{path.rsplit('.', 1)[-1]}={value}")


def main(schema_path, path, whole):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)

    # By type, so that a message names the field and not only that none of all types fits.
    types = {reference["$ref"].rsplit("/", 1)[1]: reference for reference in schema["oneOf"]}
    validators = {
        kind: jsonschema.Draft202012Validator({**schema, "oneOf": [reference]}) for kind, reference in types.items()
    }
    validator = jsonschema.Draft202012Validator(schema)
    coverage = Coverage(schema)
    for kind, reference in types.items():
        coverage.expect(reference, kind)
    seen = collections.Counter()
    wrong = 0
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            value = json.loads(line)
            kind = value["type"]
            seen[kind] += 1
            if validator.is_valid(value):
                coverage.use(types[kind], kind, value)
                continue
            wrong += 1
            for error in validators[kind].iter_errors(value):
                for cause in error.context or [error]:
                    print(f"line {number}: {kind}: {'.'.join(map(str, cause.absolute_path))}: {cause.message}")
    print("types:", *(kind for kind in types if seen[kind]))
    if whole and coverage.unused:
        print("never:", *sorted(coverage.unused))
        wrong += 1
    return wrong != 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    ALL = arguments[0] == "--all"
    sys.exit(main(*arguments[ALL:], ALL))
