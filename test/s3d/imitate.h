// SPDX-License-Identifier: Apache-2.0
/// Services as sets of rules: `--imitate NAME`.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace s3d {

/// Rules in the form of Rules::set() that make the server differ from AWS as the service `name`
/// does: one of service_names(), or aws-REGION for AWS itself in a region. Nothing for another
/// name.
std::optional<std::vector<std::string>> rules_of_service(std::string_view name);

/// All but aws-REGION.
std::vector<std::string> service_names();

/// Each with its rules, for --help.
std::string describe_services();

}  // namespace s3d
