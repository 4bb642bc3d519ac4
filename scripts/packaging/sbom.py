#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: sbom.py VERSION DIR

Prints what is inside the files of a release in DIR, as SPDX 2.3 in JSON: the sources, each package and archive with its
checksum, the libraries in the one file, and what the .deb packages depend on. SOURCE_DATE_EPOCH is its time; equal files give
equal text. test/package/sbom_rules.py says what is right.
"""
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import urllib.parse

# Of the libraries in scripts/package-static's VERSIONS; the texts are beside the program.
LICENCES = {
    "curl": "curl",
    "libxml2": "MIT",
    "libfuse3-dev": "LGPL-2.1-only",
    "libssl-dev": "Apache-2.0",
    "libc6-dev": "LGPL-2.1-or-later",
    "libcxxopts-dev": "MIT",
    "rapidjson-dev": "MIT",
}
GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"
HEADERS_ONLY = ("libcxxopts-dev", "rapidjson-dev")


def identifier(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def package(name, version, licence, **more):
    return {
        "SPDXID": identifier(more.pop("key", name)),
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": licence,
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
        **more,
    }


def published(path, version):
    """A file of the release."""
    licence = "NOASSERTION" if "linux" in path.name or path.suffix == ".rpm" else "Apache-2.0"
    return package(path.name, version, licence, packageFileName=path.name,
                   checksums=[{"algorithm": "SHA256", "checksumValue": sha256(path)}])


def distribution():
    words = dict(re.findall(r'^(\w+)="?([^"\n]*)', pathlib.Path("/etc/os-release").read_text(encoding="utf-8"), re.M))
    return words["ID"], words["ID"] + "-" + words["VERSION_ID"]


def from_distribution(name, version, licence, source):
    vendor, release = distribution()
    query = urllib.parse.urlencode({"arch": "source"} if source else {"distro": release})
    locator = "pkg:deb/%s/%s@%s?%s" % (vendor, name, urllib.parse.quote(version, safe=""), query)
    return package(name, version, licence, supplier="Organization: " + vendor.capitalize(), externalRefs=[{
        "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}])


def libraries(archive):
    """What is inside the one file, as package-static has noted it beside the program."""
    with tarfile.open(archive) as tar:
        member = next(name for name in tar.getnames() if name.endswith("/licenses/VERSIONS"))
        lines = tar.extractfile(member).read().decode().splitlines()
    for line in lines:
        name, version = line.split()
        licence = GCC if name.startswith("libgcc-") else LICENCES[name]
        yield from_distribution(name, version, licence, name in ("curl", "libxml2"))


def dependencies(deb):
    """Names of the packages that this one depends on, the first of alternatives."""
    field = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], check=True, capture_output=True, text=True).stdout
    return sorted({each.split("|")[0].split()[0] for each in field.strip().split(",") if each.strip()})


def document(version, folder):
    root = "SPDXRef-pailfs"
    files = sorted(path for path in folder.iterdir() if path.suffix in (".xz", ".tar", ".deb", ".rpm"))
    packages = [package("pailfs", version, "Apache-2.0")]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", root)]
    known = {}
    for path in files:
        packages.append(published(path, version))
        relations.append((identifier(path.name), "GENERATED_FROM", root))
    one_file = next(path for path in files if re.search(r"-linux-\w+\.tar\.xz$", path.name))
    program_packages = [path for path in files if re.match(r"pailfs-[0-9].*\.rpm$", path.name)]
    debs = [path for path in files if path.name.startswith("pailfs_")]
    for each in libraries(one_file):
        known[each["name"]] = each
        for holder in [one_file, *program_packages] + (debs if each["name"] in HEADERS_ONLY else []):
            relations.append((identifier(holder.name), "STATIC_LINK", each["SPDXID"]))
    for deb in debs:
        for name in dependencies(deb):
            known.setdefault(name, package(name, "NOASSERTION", "NOASSERTION"))
            relations.append((identifier(deb.name), "DEPENDS_ON", identifier(name)))
    packages += sorted(known.values(), key=lambda each: each["name"])
    digest = hashlib.sha256("".join(sha256(path) for path in files).encode()).hexdigest()
    created = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "pailfs-" + version,
        # A name of its own for every content.
        "documentNamespace": "https://spdx.org/spdxdocs/pailfs-%s-%s" % (version, digest),
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Tool: pailfs-scripts-release-" + version]},
        "packages": packages,
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
                          for one, kind, other in sorted(set(relations))],
    }


if len(sys.argv) != 3:
    sys.exit(__doc__)
print(json.dumps(document(sys.argv[1], pathlib.Path(sys.argv[2])), indent=1))
