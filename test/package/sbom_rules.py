#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: sbom_rules.py FILE [DIR] | --self-test

Fails when FILE is no SPDX 2.3 document in JSON (its sections 6, 7, 11 and annexes A, D: what must be there, how it is spelt,
what may refer to what), or when the files of a release in DIR are not exactly those that it tells of. --self-test shows on
broken documents that each rule can fail.
"""
import copy
import hashlib
import json
import pathlib
import re
import sys

LICENCES = {"Apache-2.0", "CC0-1.0", "GPL-3.0-or-later", "LGPL-2.1-only", "LGPL-2.1-or-later", "MIT", "curl"}
EXCEPTIONS = {"GCC-exception-3.1"}
# Of annex "Relationships", those that such a document may have.
RELATIONSHIPS = {"DESCRIBES", "GENERATED_FROM", "STATIC_LINK", "DYNAMIC_LINK", "DEPENDS_ON", "CONTAINS"}
ALGORITHMS = {"SHA1": 40, "SHA256": 64, "SHA384": 96, "SHA512": 128}


def is_licence(text):
    """NOASSERTION, NONE, or an expression of known licences without brackets."""
    if text in ("NOASSERTION", "NONE"):
        return True
    for each in re.split(r" (?:AND|OR) ", text):
        name, _, exception = each.partition(" WITH ")
        if name not in LICENCES or (exception and exception not in EXCEPTIONS):
            return False
    return True


def matches(pattern, value):
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def head_faults(document):
    checks = {
        "spdxVersion": document.get("spdxVersion") == "SPDX-2.3",
        "dataLicense": document.get("dataLicense") == "CC0-1.0",
        "SPDXID": document.get("SPDXID") == "SPDXRef-DOCUMENT",
        "name": matches(".+", document.get("name")),
        "documentNamespace": matches(r"[a-z][a-z0-9+.-]*:[^#\s]+", document.get("documentNamespace")),
        "creationInfo.created": matches(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document.get("creationInfo", {}).get("created")),
        "creationInfo.creators": all(matches(r"(Tool|Person|Organization): .+", each)
                                     for each in document.get("creationInfo", {}).get("creators") or [None]),
    }
    return [name for name, right in checks.items() if not right]


def package_faults(package):
    checks = {
        "SPDXID": matches(r"SPDXRef-[A-Za-z0-9.-]+", package.get("SPDXID")),
        "name": matches(".+", package.get("name")),
        "downloadLocation": matches(r"NOASSERTION|NONE|[a-z][a-z0-9+.-]*:\S+", package.get("downloadLocation")),
        "filesAnalyzed": package.get("filesAnalyzed") is False,  # otherwise a verification code and files must be there
        "licenseConcluded": is_licence(package.get("licenseConcluded", "")),
        "licenseDeclared": is_licence(package.get("licenseDeclared", "")),
        "supplier": "supplier" not in package or matches(r"NOASSERTION|(Person|Organization): .+", package["supplier"]),
        "checksums": all(matches("[0-9a-f]{%d}" % ALGORITHMS.get(each.get("algorithm"), 0), each.get("checksumValue"))
                         for each in package.get("checksums", [])),
        "externalRefs": all(each.get("referenceCategory") == "PACKAGE-MANAGER" and each.get("referenceType") == "purl" and
                            matches(r"pkg:[a-z]+/[^\s@]+@[^\s@?]+(\?\S+)?", each.get("referenceLocator"))
                            for each in package.get("externalRefs", [])),
    }
    return ["%s of %s" % (name, package.get("SPDXID")) for name, right in checks.items() if not right]


def relation_faults(document):
    names = [each.get("SPDXID") for each in document.get("packages", [])]
    known = set(names) | {"SPDXRef-DOCUMENT"}
    relations = document.get("relationships", [])
    faults = ["%s is twice" % name for name in set(names) if names.count(name) > 1]
    for each in relations:
        ends = {each.get("spdxElementId"), each.get("relatedSpdxElement")}
        if not ends <= known or each.get("relationshipType") not in RELATIONSHIPS:
            faults.append("relationship %s" % json.dumps(each))
    if not any(each.get("spdxElementId") == "SPDXRef-DOCUMENT" and each.get("relationshipType") == "DESCRIBES"
               for each in relations):
        faults.append("it describes nothing")
    reached = {end for each in relations for end in (each.get("spdxElementId"), each.get("relatedSpdxElement"))}
    return faults + ["%s has no relationship" % name for name in names if name not in reached]


def file_faults(document, folder):
    told = {each["packageFileName"]: each["checksums"][0]["checksumValue"]
            for each in document["packages"] if "packageFileName" in each}
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()
             if path.name != "SHA256SUMS" and ".spdx.json" not in path.name}
    return ["file %s" % name for name in sorted(set(told) | set(there)) if told.get(name) != there.get(name)]


def faults_of(document, folder=None):
    faults = head_faults(document) + relation_faults(document)
    for package in document.get("packages", []):
        faults += package_faults(package)
    if not document.get("packages"):
        faults.append("no packages")
    return faults + (file_faults(document, folder) if folder else [])


def self_test():
    package = {"SPDXID": "SPDXRef-a", "name": "a", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
               "licenseConcluded": "MIT AND GPL-3.0-or-later WITH GCC-exception-3.1", "licenseDeclared": "NOASSERTION",
               "supplier": "Organization: Debian", "checksums": [{"algorithm": "SHA256", "checksumValue": "0" * 64}],
               "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                 "referenceLocator": "pkg:deb/debian/a@1?arch=source"}]}
    good = {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "n",
            "documentNamespace": "https://example.org/n", "packages": [package],
            "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: t"]},
            "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                               "relatedSpdxElement": "SPDXRef-a"}]}
    assert faults_of(good) == [], faults_of(good)
    breaks = [("", key) for key in good] + [("packages", key) for key in package if key in (
        "SPDXID", "name", "downloadLocation", "filesAnalyzed", "licenseConcluded", "licenseDeclared")]
    changes = [("packages", "licenseConcluded", "Apache 2"), ("packages", "SPDXID", "SPDXRef-a_b"),
               ("packages", "supplier", "Debian"), ("packages", "checksums", [{"algorithm": "SHA256", "checksumValue": "0"}]),
               ("packages", "externalRefs", [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                              "referenceLocator": "curl"}]),
               ("relationships", "relatedSpdxElement", "SPDXRef-b"), ("relationships", "relationshipType", "NEEDS"),
               ("", "documentNamespace", "https://example.org/n#n"), ("", "packages", [package, package])]
    for place, key, *value in [*breaks, *changes]:
        bad = copy.deepcopy(good)
        holder = bad[place][0] if place else bad
        if value:
            holder[key] = value[0]
        else:
            del holder[key]
        assert faults_of(bad), "no rule refuses %s without or with another %s" % (place or "a document", key)
    print("%d broken documents are refused" % (len(breaks) + len(changes)))


if sys.argv[1:] == ["--self-test"]:
    self_test()
elif len(sys.argv) in (2, 3):
    found = faults_of(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")),
                      pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else None)
    for fault in found:
        print(sys.argv[1] + ": " + fault)
    sys.exit(1 if found else 0)
else:
    sys.exit(__doc__)
