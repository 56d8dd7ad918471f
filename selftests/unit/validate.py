#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""validate.py SCHEMA FILE: prints what is wrong with the lines of a recording, and which types of objects it holds."""

import collections
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)

# By type, so that a message names the field and not only that none of all types fits.
validators = {
    reference["$ref"].rsplit("/", 1)[1]: jsonschema.Draft202012Validator({**schema, "oneOf": [reference]})
    for reference in schema["oneOf"]
}
whole = jsonschema.Draft202012Validator(schema)
seen = collections.Counter()
wrong = 0
with open(sys.argv[2], encoding="utf-8") as file:
    for number, line in enumerate(file, 1):
        value = json.loads(line)
        kind = value["type"]
        seen[kind] += 1
        if whole.is_valid(value):
            continue
        wrong += 1
        for error in validators[kind].iter_errors(value):
            for cause in error.context or [error]:
                print(f"line {number}: {kind}: {'.'.join(map(str, cause.absolute_path))}: {cause.message}")
print("types:", *(kind for kind in validators if seen[kind]))
sys.exit(wrong != 0)
