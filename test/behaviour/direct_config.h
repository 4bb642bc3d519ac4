// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "pailfs/fs/file_system.h"
#include "pailfs/journal/journal_store.h"

#include "mime_file.h"
#include "support/scratch_directory.h"
#include "world.h"

namespace pailfs::test {

/// What a world of direct calls gives the file system. Its memory is so small that a large object
/// cannot be held whole: what must be fetched, is fetched.
fs::Config direct_config(const WorldOptions& options, const MimeFile& mime_types);

/// For a journal, in memory where the machine has a place there: thousands of them wait for no
/// disk.
std::unique_ptr<ScratchDirectory> make_journal_directory();

/// A journal in `directory` over `store`, without grace; ends the program with a message when it
/// cannot be opened.
std::unique_ptr<journal::JournalStore> open_test_journal(const ScratchDirectory& directory,
                                                         std::size_t workers,
                                                         store::ObjectStore& store, Clock& clock);

}  // namespace pailfs::test
