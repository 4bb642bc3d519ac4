// SPDX-License-Identifier: Apache-2.0
#include "store_call.h"

#include <array>

namespace pailfs::test {
namespace {

struct Row {
  Verb verb;
  std::string_view name;
  int RequestCount::*counter;
};

constexpr std::array<Row, 14> kRows{{
    {Verb::head, "head", &RequestCount::head},
    {Verb::get, "get", &RequestCount::get},
    {Verb::put, "put", &RequestCount::put},
    {Verb::remove, "remove", &RequestCount::remove},
    {Verb::remove_many, "remove_many", &RequestCount::remove_many},
    {Verb::list, "list", &RequestCount::list},
    {Verb::copy, "copy", &RequestCount::copy},
    {Verb::create_upload, "create_upload", &RequestCount::create_upload},
    {Verb::upload_part, "upload_part", &RequestCount::upload_part},
    {Verb::copy_part, "copy_part", &RequestCount::copy_part},
    {Verb::complete_upload, "complete_upload", &RequestCount::complete_upload},
    {Verb::abort_upload, "abort_upload", &RequestCount::abort_upload},
    {Verb::list_parts, "list_parts", &RequestCount::list_parts},
    {Verb::list_uploads, "list_uploads", &RequestCount::list_uploads},
}};

const Row& row(Verb verb) {
  return kRows.at(static_cast<std::size_t>(verb));  // the table is in the order of the enum
}

}  // namespace

std::string_view verb_name(Verb verb) {
  return row(verb).name;
}

int& RequestCount::of(Verb verb) {
  return this->*row(verb).counter;
}

int RequestCount::of(Verb verb) const {
  return this->*row(verb).counter;
}

int RequestCount::total() const {
  int sum = 0;
  for (const Row& each : kRows) sum += this->*each.counter;
  return sum;
}

std::string RequestCount::text() const {
  std::string out;
  for (const Row& each : kRows) {
    const int n = this->*each.counter;
    if (n == 0) continue;
    if (!out.empty()) out += ", ";
    out += std::string(each.name) + " " + std::to_string(n);
  }
  return out.empty() ? "none" : out;
}

}  // namespace pailfs::test
