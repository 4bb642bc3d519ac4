// SPDX-License-Identifier: Apache-2.0
// Short ways to say the common things in behaviour tests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/text_io.h"
#include "world.h"

namespace pailfs::test {

/// Creates or replaces the file; errno, 0 for success.
int write_file(Driver& posix, const std::string& path, std::string_view bytes, mode_t mode = 0644);
/// Content of the whole file, read in pieces; "error <errno>" when that fails.
std::string file_text(Driver& posix, const std::string& path);
/// Sorted names; a single "error <errno>" when that fails.
std::vector<std::string> names_in(Driver& posix, const std::string& path);

/// Puts an object behind the mount's back; errno.
int put_object(World& world, const store::Key& key, std::string bytes,
               store::ObjectAttributes attributes = {});
/// What the bucket holds; nothing when there is no such object.
std::optional<Got> object(World& world, const store::Key& key);
/// x-amz-meta-<name> of an object; "(absent)".
std::string meta(World& world, const store::Key& key, const std::string& name);
/// Sorted.
std::vector<store::Key> keys(World& world);

WallTime at_second(std::int64_t seconds, std::int64_t nanoseconds = 0);

}  // namespace pailfs::test
