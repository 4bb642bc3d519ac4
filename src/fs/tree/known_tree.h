// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "listed_names.h"
#include "listing_cache.h"
#include "node_cache.h"
#include "node_snapshot.h"
#include "node_tables.h"

namespace pailfs::fs {

/// The tables and the four classes that work on them, for their owner. Other classes get only the
/// one or two of them that they need.
struct KnownTree {
  KnownTree(const Config& config, Clock& clock) : tables(config, clock) {}

  NodeTables tables;
  NodeCache nodes{tables};
  ListedNames names{tables};
  ListingCache listings{tables};
  NodeSnapshot snapshot{tables};
};

}  // namespace pailfs::fs
