// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "pailfs/util/refusal.h"

namespace pailfs {

/// Why something failed, in the vocabulary of a file system: an errno for the program that asked, a
/// sentence for the person who reads the log, and, where the object store spoke, its own words. A
/// plain value: freely copied.
struct Error {
  int err = EIO;           ///< errno, always > 0
  std::string text;        ///< what happened, to what; no trailing full stop, never a secret
  std::string s3_code;     ///< S3's <Code>, e.g. "NoSuchKey"; empty when no store spoke
  std::string request_id;  ///< x-amz-request-id of the reply, if any
  int http_status = 0;     ///< status of the reply; 0 when there was none
  Refusal refusal = Refusal::none;  ///< meaning of the answer beyond `err`
  /// Of a change: the store may have made it all the same, in this attempt or in one before.
  bool in_doubt = false;

  Error() = default;
  Error(int errno_value, std::string sentence) : err(errno_value), text(std::move(sentence)) {}

  /// The same error seen from one level up: "rename a to b: copy failed".
  [[nodiscard]] Error with(std::string_view context) const {
    Error outer = *this;
    outer.text = std::string(context) + ": " + text;
    return outer;
  }
};

/// Either a T or an Error. Has std::expected's member names so that it can become one.
/// Accessing the wrong side is a programming error (std::bad_variant_access ends the process).
template <class T>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose: `return value;` and `return Error{...};` are how results are made.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Error> state_;
};

/// Success, or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT: see Result

  [[nodiscard]] bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  Error error_;
  bool failed_ = false;
};

/// An Error from errno as a system call left it: "open /x: Permission denied".
Error system_error(int errno_value, std::string_view what);

}  // namespace pailfs
