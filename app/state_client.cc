#include "app/state_client.h"

#include <fmt/core.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/admin/admin_client.h"
#include "core/base/asio_scheduler.h"

namespace tidemill::app {
namespace {

bool print_line(std::string_view line) {
  fmt::print("{}\n", line);
  return std::ferror(stdout) == 0;
}

// Nothing when no engine runs on the data folder.
std::optional<Result<>> ask_live(const std::string& data, const StateQuestion& question) {
  const std::string socket = data + "/admin.sock";
  if (!std::filesystem::exists(socket)) return std::nullopt;
  const AdminClient client(socket);
  if (!client.request("GET", "/healthz")) return std::nullopt;
  const auto answered = client.lines(question.method, target(question), print_line);
  if (!answered) return Result<>(std::unexpected(answered.error()));
  if (answered->status == 200) return Result<>{};
  std::string sentence = answered->body;
  while (sentence.ends_with('\n')) sentence.pop_back();
  const bool asked_wrong = answered->status >= 400 && answered->status < 500;
  return Result<>(fail(asked_wrong ? Fault::bad_config : Fault::transient, std::move(sentence)));
}

}  // namespace

// A live engine holds the store, so it is asked over its socket; a stopped one is opened.
Result<> ask(const std::string& data, const StateQuestion& question) {
  if (auto live = ask_live(data, question)) return *live;
  AsioScheduler scheduler(1);
  RocksStore::Options options;
  options.now = scheduler.wall();
  options.missing = state::IfMissing::fail;
  auto store = RocksStore::open(data, std::move(options));
  if (!store) return std::unexpected(store.error());
  return answer(**store, question, scheduler.wall(), print_line);
}

}  // namespace tidemill::app
