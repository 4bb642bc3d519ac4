# SPDX-License-Identifier: Apache-2.0
# Read by cpack for each kind of package: which components it takes.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_COMPONENTS_ALL pailfs pailfs-debian pailfs-s3fs pailfs-s3fs-debian)
else()
  set(CPACK_COMPONENTS_ALL pailfs pailfs-plain pailfs-s3fs)
endif()
