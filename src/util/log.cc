// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/log.h"

#include <unistd.h>

#include <utility>

#include "pailfs/util/text.h"

#include "log_state.h"

namespace pailfs::log {
namespace {

constexpr std::size_t kLongestText = 16'384;
constexpr std::size_t kLongestRequestId = 80;

void hand_over(LogLevel level, std::string_view text, std::string_view request_id) {
  const Record record{level, SystemClock().wall(), printable(text, kLongestText),
                      printable(request_id, kLongestRequestId)};
  State& log = state();
  MutexLock lock(log.mutex);
  if (log.sink) log.sink(record);
}

}  // namespace

State::State() : sink(stream_sink(STDERR_FILENO, {})) {}

State& state() {
  static State instance;
  return instance;
}

void set_level(LogLevel level) {
  state().level = level;
}
LogLevel level() {
  return state().level;
}
void reopen() {
  ++state().reopen_requests;
}

void set_sink(RecordSink sink) {
  State& log = state();
  MutexLock lock(log.mutex);
  log.sink = std::move(sink);
}

void set_sink(Sink sink) {
  set_sink([sink = std::move(sink)](const Record& record) {
    sink(record.level, format_record(record, {Form::plain, {}}));
  });
}

void write(LogLevel level, std::string_view text, std::string_view request_id) {
  if (enabled(level)) hand_over(level, text, request_id);
}

void announce(std::string_view text) {
  hand_over(LogLevel::info, text, {});
}

}  // namespace pailfs::log
