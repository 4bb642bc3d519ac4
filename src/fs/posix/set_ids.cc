// SPDX-License-Identifier: Apache-2.0
#include "set_ids.h"

namespace pailfs::fs {

mode_t mode_after_write(mode_t mode, gid_t group, const Caller& caller) {
  // The kernel checks CAP_FSETID, which a request does not tell; root has it.
  if (caller.uid == 0 || !S_ISREG(mode) || (mode & (S_ISUID | S_ISGID)) == 0) return mode;
  const bool executable = (mode & S_IXGRP) != 0;
  mode &= ~static_cast<mode_t>(S_ISUID);
  if ((mode & S_ISGID) == 0) return mode;
  const bool member = caller.gid == group || (caller.in_group && caller.in_group(group));
  if (executable || !member) mode &= ~static_cast<mode_t>(S_ISGID);
  return mode;
}

}  // namespace pailfs::fs
