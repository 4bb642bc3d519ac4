// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace pailfs {

/// How the program tells its caller on standard error that a command line failed.
enum class ComplaintForm {
  text,  ///< "pailfs: TEXT"
  json   ///< one object: time, level, exit (the status that the program ends with), message
};

/// For the rest of the process and its children. While the process has one thread.
void set_complaint_form(ComplaintForm form);

/// The line, with its end.
std::string complaint_line(std::string_view text, int exit_code);

}  // namespace pailfs
