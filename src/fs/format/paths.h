// SPDX-License-Identifier: Apache-2.0
// Paths relative to the mount: components with single slashes between them, "" for the root.
#pragma once

#include <string>
#include <string_view>

namespace pailfs::fs {

/// True of `top` itself, of every path below it, and of everything when it is the root (""). Paths
/// are compared by components: "ab" is not below "a".
[[nodiscard]] bool is_at_or_below(std::string_view path, std::string_view top);
/// "a/b/c" -> "a/b" and "c"; "c" -> "" and "c".
std::string parent_path(const std::string& path);
std::string last_name(const std::string& path);
std::string join_path(const std::string& directory, std::string_view name);

}  // namespace pailfs::fs
