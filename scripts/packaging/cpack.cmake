# SPDX-License-Identifier: Apache-2.0
# Packages by CPack, which `scripts/package` runs. Version and summary are those of project() in the top CMakeLists.txt.
# The maintainer of the packages. Without the publisher's address, in DEBEMAIL, it is of a domain that is reserved for
# examples (RFC 2606): mail to it reaches no stranger.
set(PAILFS_CONTACT "The pailfs maintainers <maintainers@pailfs.example>")
if(DEFINED ENV{DEBEMAIL})
  set(contact_name "The pailfs maintainers")
  if(DEFINED ENV{DEBFULLNAME})
    set(contact_name "$ENV{DEBFULLNAME}")
  endif()
  set(PAILFS_CONTACT "${contact_name} <$ENV{DEBEMAIL}>")
endif()
# Packages of one version for several distributions have different versions, or upgrading from one to the next would keep
# the package of the old one.
cmake_host_system_information(RESULT os QUERY DISTRIB_INFO)
set(PAILFS_PACKAGE_RELEASE "1~${os_ID}${os_VERSION_ID}" CACHE STRING "Release of the packages, beside the version")
string(REGEX REPLACE "~.*" "" PAILFS_RPM_RELEASE "${PAILFS_PACKAGE_RELEASE}") # one for all distributions: of the static program
string(TIMESTAMP date "%a %b %d %Y" UTC)
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/changelog.rpm
  "* ${date} ${PAILFS_CONTACT} - ${PROJECT_VERSION}-${PAILFS_RPM_RELEASE}\n- Version ${PROJECT_VERSION}\n")
set(what "${PROJECT_DESCRIPTION}")
set(about "pailfs lets programs that know only files read and write the objects
of a bucket of Amazon S3, or of another service that speaks its protocol. It
takes the command line, options, password file and object format of s3fs.")
set(about_s3fs "With this package the command s3fs, mounts of type fuse.s3fs in
/etc/fstab and the manual page s3fs(1) are pailfs, which takes the same options
and reads and writes the same objects.")

set(CPACK_PACKAGE_NAME pailfs)
set(CPACK_PACKAGE_VENDOR pailfs)
set(CPACK_PACKAGE_CONTACT "${PAILFS_CONTACT}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_THREADS 0)
# Each package takes its own components and those of the kind of system: cpack_project.cmake.
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_SOURCE_DIR}/cpack_project.cmake)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENTS_ALL pailfs pailfs-debian pailfs-s3fs pailfs-s3fs-debian)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${PAILFS_PACKAGE_RELEASE})
set(CPACK_DEBIAN_PACKAGE_SOURCE pailfs)
set(CPACK_DEBIAN_PACKAGE_SECTION otherosfs)
set(CPACK_DEBIAN_PAILFS_PACKAGE_NAME pailfs)
set(CPACK_DEBIAN_PAILFS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PAILFS_PACKAGE_DEPENDS "fuse3, media-types")
set(CPACK_DEBIAN_PAILFS_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PAILFS_DESCRIPTION "${what}\n${about}")
set(CPACK_DEBIAN_PAILFS_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/debian/postrm)
set(CPACK_DEBIAN_PAILFS-S3FS_PACKAGE_NAME pailfs-s3fs)
set(CPACK_DEBIAN_PAILFS-S3FS_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PAILFS-S3FS_PACKAGE_DEPENDS "pailfs (= ${PROJECT_VERSION}-${PAILFS_PACKAGE_RELEASE})")
foreach(relation CONFLICTS REPLACES PROVIDES)
  set(CPACK_DEBIAN_PAILFS-S3FS_PACKAGE_${relation} s3fs)
endforeach()
set(CPACK_DEBIAN_PAILFS-S3FS_DESCRIPTION "s3fs that is pailfs\n${about_s3fs}")

set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_RELEASE ${PAILFS_RPM_RELEASE})
set(CPACK_RPM_PACKAGE_LICENSE Apache-2.0)
if(PAILFS_STATIC)
  set(CPACK_RPM_PACKAGE_LICENSE "Apache-2.0 AND LGPL-2.1-or-later AND LGPL-2.1-only AND curl AND MIT")
endif()
set(CPACK_RPM_PACKAGE_GROUP "System Environment/Base")
set(CPACK_RPM_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_SPEC_MORE_DEFINE "%define _build_id_links none
%define _buildhost localhost
%define use_source_date_epoch_as_buildtime 1
%define clamp_mtime_to_source_date_epoch 1")
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /usr/sbin)
foreach(directory bash-completion bash-completion/completions fish fish/vendor_completions.d man man/man1 man/man8 zsh
        zsh/site-functions)
  list(APPEND CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /usr/share/${directory})
endforeach()
set(CPACK_RPM_CHANGELOG_FILE ${CMAKE_CURRENT_BINARY_DIR}/changelog.rpm)
set(CPACK_RPM_PAILFS_PACKAGE_NAME pailfs)
set(CPACK_RPM_PAILFS_PACKAGE_SUMMARY "${what}")
set(CPACK_RPM_PAILFS_PACKAGE_DESCRIPTION "${about}")
set(CPACK_RPM_PAILFS_PACKAGE_REQUIRES fuse3)
set(CPACK_RPM_PAILFS-S3FS_PACKAGE_NAME pailfs-s3fs)
set(CPACK_RPM_PAILFS-S3FS_PACKAGE_ARCHITECTURE noarch)
set(CPACK_RPM_PAILFS-S3FS_PACKAGE_SUMMARY "s3fs that is pailfs")
set(CPACK_RPM_PAILFS-S3FS_PACKAGE_DESCRIPTION "${about_s3fs}")
set(CPACK_RPM_PAILFS-S3FS_PACKAGE_REQUIRES "pailfs = ${PROJECT_VERSION}-${PAILFS_RPM_RELEASE}")
# As Fedora's package is called; what it has is in the way of ours.
foreach(relation CONFLICTS OBSOLETES PROVIDES)
  set(CPACK_RPM_PAILFS-S3FS_PACKAGE_${relation} s3fs-fuse)
endforeach()
# Otherwise CPack puts it before each description, whose first line is the summary already.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")

include(CPack)
foreach(package pailfs pailfs-s3fs)
  cpack_add_component_group(${package})
  foreach(part ${package} ${package}-debian ${package}-plain)
    cpack_add_component(${part} GROUP ${package})
  endforeach()
endforeach()
