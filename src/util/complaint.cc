// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/complaint.h"

#include <chrono>

#include "pailfs/util/json_writer.h"
#include "pailfs/util/program_name.h"
#include "pailfs/util/text.h"

namespace pailfs {
namespace {

ComplaintForm form_of_all = ComplaintForm::text;

}  // namespace

void set_complaint_form(ComplaintForm form) {
  form_of_all = form;
}

std::string complaint_line(std::string_view text, int exit_code) {
  if (form_of_all == ComplaintForm::text) return program_name() + ": " + std::string(text) + "\n";
  JsonWriter json;
  const WallTime now = std::chrono::system_clock::now();
  json.begin_object().member("time", iso8601_millis(now)).member("level", "critical");
  json.member("exit", exit_code).member("message", text).end_object();
  return json.text() + "\n";
}

}  // namespace pailfs
