// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "pailfs/store/object_store.h"
#include "pailfs/util/single_flight.h"
#include "pailfs/util/worker_pool.h"

#include "listed_names.h"
#include "lister.h"
#include "node_cache.h"
#include "node_fetcher.h"
#include "walk_watch.h"

namespace pailfs::fs {

/// Finds the node of a path in the store, with as few requests as the cached knowledge allows: none
/// while its attributes are known or its directory's fresh listing lacks the name, one HEAD when
/// the listing has it, otherwise one round trip of HEAD `p` and LIST `p/` side by side (and a HEAD
/// of the marker `p/` when there is one), or one LIST where the name is likely to be absent. A page
/// of `p`'s names that comes on the way is kept, because a program that looks a directory up mostly
/// reads it next. Any thread may call any member, except those of the pool.
class Resolver final {
 public:
  Resolver(const Config& config, store::ObjectStore& store, NodeCache& cache, ListedNames& names,
           WorkerPool& pool, Clock& clock, const Lister& lister, NodeFetcher& nodes,
           WalkWatch& walks)
      : config_(config),
        store_(store),
        cache_(cache),
        names_(names),
        pool_(pool),
        clock_(clock),
        lister_(lister),
        nodes_(nodes),
        walks_(walks) {}

  /// ENOENT when the store says that nothing is there; any other failure is passed on (law L4).
  Result<Node> resolve(const std::string& path);
  /// The same, but always asks the store.
  Result<Node> ask(const std::string& path);
  /// The same of a name that is believed to be absent: what was learnt a moment ago is no answer. 1
  /// LIST when it is absent.
  Result<Node> ask_absent(const std::string& path);
  /// The same of a lock between machines: a listing that shows it, or a directory's own object,
  /// does not prove that it is there still.
  Result<Node> ask_lock(const std::string& path);
  /// The name as a listing shows it that is young enough or that a program reads, or as a new one
  /// does where that takes one page. Nothing when neither tells of it.
  std::optional<ListedName> listed(const std::string& path);
  /// False when there are objects below the directory besides its own marker. Asks, unless a
  /// complete listing that is young enough tells.
  Result<bool> is_empty_directory(const std::string& path, const ListedNames::Ages& ages = {});

 private:
  Result<Node> ask_root();
  [[nodiscard]] Node implicit_root() const;
  Result<Node> ask_file(const std::string& path);
  Result<Node> ask_marker(const std::string& path);
  Result<Node> ask_all(const std::string& path);
  Result<Node> ask_name(const std::string& path);
  Result<Node> ask_unlisted(const std::string& path);
  /// Lists the directory of a path anew. A thread that asks while another lists the directory waits
  /// for that listing, unless we have changed the path since it was begun.
  Status renew(const std::string& path, std::size_t most_pages);
  Result<Node> ask_directory(const std::string& path);
  /// The node of a directory by a listing of the names in it.
  Result<Node> ask_names_in(const std::string& path);
  Result<Node> ask_listed(const std::string& path, const ListedName& listed);
  Result<Node> find_out(const std::string& path);
  /// Returns what the store has shown to a question asked at `asked`, and takes a note of it.
  Result<Node> learned(const std::string& path, Result<Node> found, MonoTime asked);
  Result<Node> from_page(const std::string& path, const FetchedPage& page);

  const Config& config_;
  store::ObjectStore& store_;
  NodeCache& cache_;
  ListedNames& names_;
  WorkerPool& pool_;
  Clock& clock_;
  const Lister& lister_;
  NodeFetcher& nodes_;
  WalkWatch& walks_;
  SingleFlight<Status> renewals_;  // of listings, by directory
};

}  // namespace pailfs::fs
