#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: json_shape.py SCHEMA SHAPE FILE

Fails when the JSON in FILE is not what $defs/SHAPE of SCHEMA says, or has a member that the schema does not name.
With SHAPE "SHAPE[]" the file is an array of it.
"""
import json
import sys

import jsonschema


def close(schema):
    """Forbids members that are not named: the schema itself lets readers skip those of later versions."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            close(part)
    if isinstance(schema, list):
        for part in schema:
            close(part)


def main(schema_file, shape, file):
    with open(schema_file, encoding="utf-8") as text:
        schema = json.load(text)
    close(schema["$defs"])
    reference = {"$ref": "#/$defs/" + shape.removesuffix("[]")}
    schema.update({"type": "array", "items": reference} if shape.endswith("[]") else reference)
    with open(file, encoding="utf-8") as text:
        jsonschema.validate(json.load(text), schema)


try:
    main(*sys.argv[1:])
except jsonschema.ValidationError as error:
    sys.exit("%s: %s" % ("/".join(map(str, error.absolute_path)), error.message))
