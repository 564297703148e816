#include "bench/measure/live_engine.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string_view>

#include "bench/measure/child_process.h"

namespace tidemill::bench {
namespace {

// What follows `"name":` in a line of JSON that the engine wrote: flat, without blanks.
std::string_view field(std::string_view line, std::string_view name) {
  const auto found = line.find(fmt::format("\"{}\":", name));
  if (found == std::string_view::npos) return {};
  line.remove_prefix(found + name.size() + 3);
  if (line.starts_with('"')) line.remove_prefix(1);
  return line.substr(0, line.find_first_of(",}\""));
}

std::uint64_t number(std::string_view line, std::string_view name) {
  return std::strtoull(std::string(field(line, name)).c_str(), nullptr, 10);
}

}  // namespace

LiveEngine::LiveEngine(std::vector<std::string> command, const std::string& data, int output)
    : admin_(data + "/admin.sock", std::chrono::seconds(5)) {
  command.insert(command.end(), {"--data", data});
  pid_ = start(command, output);
  process_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  require(static_cast<bool>(process_), "cannot watch the engine");
}

LiveEngine::~LiveEngine() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool LiveEngine::ended_within(std::chrono::milliseconds time) const {
  pollfd end{process_.get(), POLLIN, 0};
  return ::poll(&end, 1, static_cast<int>(time.count())) > 0;
}

std::optional<Seen> LiveEngine::pipeline(const std::string& name) const {
  const auto answer = admin_.request("GET", "/api/v1/pipelines/" + name);
  if (!answer || answer->status != 200) return std::nullopt;
  const std::string& line = answer->body;
  return Seen{std::string(field(line, "state")), number(line, "events"), number(line, "in_flight")};
}

double LiveEngine::rss_mib() const {
  std::ifstream statm(fmt::format("/proc/{}/statm", pid_));
  double size_pages = 0;
  double resident_pages = 0;
  statm >> size_pages >> resident_pages;
  return resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

}  // namespace tidemill::bench
