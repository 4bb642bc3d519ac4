// SPDX-License-Identifier: Apache-2.0
#include "history.h"

#include <fcntl.h>

#include <algorithm>
#include <set>

#include "behaviour/direct_world.h"
#include "behaviour/files.h"
#include "model.h"

namespace pailfs::test {
namespace {

using Kind = Operation::Kind;
using Objects = Model::Objects;
using Verdict = std::optional<std::string>;

StoreLimits small_pages() {
  StoreLimits limits;
  limits.page = 3;  // every directory of the history needs several
  return limits;
}

bool is_marker(const std::string& key) {
  return key.ends_with('/');
}

std::string shown(const Objects& objects) {
  std::string text;
  for (const auto& [key, bytes] : objects) {
    text += "    " + key + " (" + std::to_string(bytes.size()) + ") " + bytes.substr(0, 12) + "\n";
  }
  return text.empty() ? "    nothing\n" : text;
}

class Player final {
 public:
  explicit Player(bool journaled) : journaled_(journaled), world_({}, small_pages(), journaled) {}

  Verdict step(const Operation& op) {
    const Model before = model_;
    Model after = before;
    const int expected = apply(after, op);
    std::size_t rule = 0;
    // A journal tries again until it works: crash_test has failures of what it sends.
    if (op.trouble && !journaled_) {
      Fault fault;
      fault.nth = op.trouble->nth;
      fault.action = op.trouble->action;
      fault.error = Error{op.trouble->err, "injected"};
      rule = world_.faults()->add(fault);
    }
    const int got = perform(op);
    const bool hit = op.trouble && !journaled_ && world_.faults()->fired(rule) > 0;
    world_.faults()->clear();

    if (hit && got != 0) return after_trouble(op, before, after);
    // The kernel itself refuses to move a directory into itself.
    const bool into_itself = op.kind == Kind::rename && op.other.starts_with(op.path + "/");
    if (into_itself ? (got == 0) != (expected == 0) : got != expected) {
      return "errno " + std::to_string(got) + " instead of " + std::to_string(expected);
    }
    model_ = after;
    if (auto wrong = check_objects(before)) return wrong;
    if (op.trouble && journaled_) {
      if (auto wrong = carry_out()) return wrong;
    }
    if (const auto unseen = world_.fake()->removed_unseen(); !unseen.empty())
      return "removed as another version than was there: " + unseen.front();
    if (surprises(before, op)) world_.let_caches_expire();
    return check_tree();
  }

 private:
  static int apply(Model& model, const Operation& op) {
    switch (op.kind) {
      case Kind::write:
        return model.write(op.path, op.bytes);
      case Kind::patch:
        return model.patch(op.path, op.number, op.bytes);
      case Kind::truncate:
        return model.truncate(op.path, op.number);
      case Kind::mkdir:
        return model.mkdir(op.path);
      case Kind::rmdir:
        return model.rmdir(op.path);
      case Kind::unlink:
        return model.unlink(op.path);
      case Kind::rename:
        return model.rename(op.path, op.other);
      case Kind::foreign_put:
        model.foreign_put(op.path, op.bytes);
        return 0;
      case Kind::foreign_remove:
        model.foreign_remove(op.path);
        return 0;
      case Kind::expire:
      case Kind::remount:
        return 0;
    }
    return 0;
  }

  int perform(const Operation& op) {
    Driver& posix = world_.posix();
    switch (op.kind) {
      case Kind::write:
        return write_file(posix, op.path, op.bytes);
      case Kind::patch: {
        const auto fd = posix.open(op.path, O_WRONLY);
        if (!fd) return fd.error().err;
        const Status written = posix.pwrite(*fd, op.number, op.bytes);
        const Status closed = posix.close(*fd);
        return err(written) != 0 ? err(written) : err(closed);
      }
      case Kind::truncate:
        return err(posix.truncate(op.path, op.number));
      case Kind::mkdir:
        return err(posix.mkdir(op.path));
      case Kind::rmdir:
        return err(posix.rmdir(op.path));
      case Kind::unlink:
        return err(posix.unlink(op.path));
      case Kind::rename:
        return err(posix.rename(op.path, op.other));
      case Kind::foreign_put:
        static_cast<void>(world_.carry_out());
        world_.fake()->put_raw(op.path, op.bytes);
        break;
      case Kind::foreign_remove:
        static_cast<void>(world_.carry_out());
        world_.fake()->remove_raw(op.path);
        break;
      case Kind::expire:
        break;
      case Kind::remount:
        world_.remount();
        return 0;
    }
    world_.let_caches_expire();
    return 0;
  }

  /// What was acknowledged is what then is in the bucket.
  Verdict carry_out() {
    const Objects seen = bucket();
    if (const Status done = world_.carry_out(); !done) return done.error().text;
    Objects stored;
    for (const auto& [key, object] : world_.fake()->objects()) stored[key] = object.content();
    if (seen == stored) return std::nullopt;
    return "what waits is shown as\n" + shown(seen) + "  and is carried out as\n" + shown(stored);
  }

  Objects bucket() {
    Objects objects;
    if (journaled_) {
      const auto page = list_all(world_.seen(), "", false);
      if (!page) return {{"a listing that fails", ""}};
      for (const auto& object : page->objects) {
        const auto got = get_text(world_.seen(), object.key);
        objects[object.key] = got ? got->bytes : "(errno " + std::to_string(err(got)) + ")";
      }
      return objects;
    }
    for (const auto& [key, object] : world_.fake()->objects()) objects[key] = object.content();
    return objects;
  }

  /// Files must be exact. Whether a directory that is there anyway has an object of its own is the
  /// file system's affair; the model follows the bucket in that.
  Verdict check_objects(const Model& before) {
    const Objects stored = bucket();
    Objects followed;
    for (const auto& [key, bytes] : model_.objects()) {
      if (!is_marker(key)) followed[key] = bytes;
    }
    for (const auto& [key, bytes] : stored) {
      if (!is_marker(key)) continue;
      const std::string path = key.substr(0, key.size() - 1);
      const bool known = model_.objects().contains(key) ||
                         model_.kind(path) == Model::Kind::directory ||
                         before.kind(path) == Model::Kind::directory;
      if (!known) return "an object for a directory that nobody made: " + key;
      followed[key] = bytes;
    }
    for (const auto& [key, bytes] : model_.objects()) {
      if (is_marker(key) && !stored.contains(key)) return "lost directory object " + key;
    }
    if (followed != stored) {
      return "the bucket holds\n" + shown(stored) + "  instead of\n" + shown(followed);
    }
    model_ = Model(followed);
    return std::nullopt;
  }

  /// Directories that come or go by a side effect (a file no longer hides one, the last file of one
  /// without an object is gone) need not be noticed before the caches expire.
  bool surprises(const Model& before, const Operation& op) const {
    const auto unnamed = [&](const std::string& path) {
      return !path.starts_with(op.path + "/") &&
             (op.kind != Kind::rename || !path.starts_with(op.other + "/"));
    };
    const Objects old_tree = before.tree();
    const Objects new_tree = model_.tree();
    for (const auto& [path, bytes] : old_tree) {
      if (is_marker(path) && !new_tree.contains(path) && unnamed(path)) return true;
    }
    for (const auto& [path, bytes] : new_tree) {
      if (!is_marker(path) || old_tree.contains(path)) continue;
      const bool uncovered = before.kind(path.substr(0, path.size() - 1)) == Model::Kind::file;
      if (uncovered || unnamed(path)) return true;
    }
    return false;
  }

  Verdict check_tree() {
    Objects seen;
    if (auto wrong = collect("", seen)) return wrong;
    const Objects expected = model_.tree();
    if (seen == expected) return std::nullopt;
    return "the mount shows\n" + shown(seen) + "  instead of\n" + shown(expected);
  }

  Verdict collect(const std::string& directory, Objects& seen) {
    Driver& posix = world_.posix();
    const auto names = posix.readdir(directory);
    if (!names) return "readdir of '" + directory + "': errno " + std::to_string(err(names));
    std::set<std::string> once(names->begin(), names->end());
    if (once.size() != names->size()) return "a name twice in '" + directory + "'";
    for (const std::string& name : once) {
      const std::string path = directory.empty() ? name : directory + "/" + name;
      const auto stat = posix.stat(path);
      if (!stat) return "listed, but stat " + path + ": errno " + std::to_string(err(stat));
      if (S_ISDIR(stat->mode)) {
        seen[path + "/"] = "";
        if (auto wrong = collect(path, seen)) return wrong;
      } else {
        seen[path] = file_text(posix, path);
        if (stat->size != seen[path].size()) return "size of " + path + " is not its length";
      }
    }
    return std::nullopt;
  }

  Verdict after_trouble(const Operation& op, const Model& before, const Model& after) {
    // What could not be stored may be kept for later: later is now.
    const Status ignored = world_.file_system().sync_all();
    const Objects stored = bucket();
    std::set<std::string> all;
    for (const Objects* objects : {&before.objects(), &after.objects(), &stored}) {
      for (const auto& [key, bytes] : *objects) all.insert(key);
    }
    const auto value = [](const Objects& objects, const std::string& key) {
      const auto found = objects.find(key);
      return found == objects.end() ? std::optional<std::string>() : found->second;
    };
    for (const std::string& key : all) {
      const auto now = value(stored, key);
      const std::string path = is_marker(key) ? key.substr(0, key.size() - 1) : key;
      const bool free_marker = is_marker(key) && (before.kind(path) == Model::Kind::directory ||
                                                  after.kind(path) == Model::Kind::directory);
      if (now == value(before.objects(), key) || now == value(after.objects(), key) ||
          free_marker || own_intermediate(op, before, key, now)) {
        continue;
      }
      return "after a failure " + key + " is neither as before nor as it should become:\n" +
             shown(stored);
    }
    if (op.kind == Kind::rename) {
      for (const auto& [key, bytes] : before.objects()) {
        if (is_marker(key) || (key != op.path && !key.starts_with(op.path + "/"))) continue;
        if (after.objects().contains(key)) continue;
        const std::string moved = op.other + key.substr(op.path.size());
        if (value(stored, key) != bytes && value(stored, moved) != bytes) {
          return "a failed rename has lost the bytes of " + key;
        }
      }
    }
    model_ = Model(stored);
    world_.let_caches_expire();
    return check_tree();
  }

  /// O_TRUNC may be stored before the new bytes are, if the first close failed half way.
  static bool own_intermediate(const Operation& op, const Model& before, const std::string& key,
                               const std::optional<std::string>& now) {
    return op.kind == Kind::write && key == op.path && now && now->empty() &&
           before.kind(op.path) == Model::Kind::none;
  }

  const bool journaled_;
  DirectWorld world_;
  Model model_;
};

}  // namespace

std::optional<std::string> play(const std::vector<Operation>& operations, bool journaled) {
  Player player(journaled);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (auto wrong = player.step(operations[i])) {
      return "step " + std::to_string(i + 1) + ", " + operations[i].text() + ": " + *wrong;
    }
  }
  return std::nullopt;
}

std::vector<Operation> shrink(std::vector<Operation> failing, const Fails& fails) {
  for (std::size_t chunk = std::max<std::size_t>(failing.size() / 2, 1); chunk > 0;) {
    bool shortened = false;
    for (std::size_t at = 0; at < failing.size();) {
      std::vector<Operation> shorter = failing;
      const auto begin = shorter.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t size = std::min(chunk, shorter.size() - at);
      shorter.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
      if (!shorter.empty() && fails(shorter)) {
        failing = std::move(shorter);
        shortened = true;
      } else {
        at += chunk;
      }
    }
    // A step may have been needed only by one that has gone since.
    if (!shortened || chunk > 1) chunk /= 2;
  }
  return failing;
}

}  // namespace pailfs::test
