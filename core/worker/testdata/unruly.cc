// A function that does what its events say, however bad for the process it runs in. The first word
// of an event's data is the order, the rest its argument.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <tuple>

#include "tidemill/function.h"

namespace {

using namespace tidemill;

// What a compiler cannot reason away.
volatile int zero = 0;
int* volatile nowhere = nullptr;

std::string open_descriptors() {
  std::string found;
  for (int fd = 0; fd < 1024; ++fd)
    if (fcntl(fd, F_GETFD) != -1) found += std::to_string(fd) + " ";
  return found;
}

std::string environment() {
  std::string found;
  for (char** entry = environ; *entry != nullptr; ++entry) found += std::string(*entry) + "\n";
  return found;
}

std::string core_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_CORE, &limit);
  return std::to_string(limit.rlim_cur);
}

// A process that ends at SIGKILL, and at nothing else.
pid_t stubborn_child() {
  const pid_t child = fork();
  if (child != 0) return child;
  signal(SIGTERM, SIG_IGN);
  for (;;) pause();
}

class Unruly {
 public:
  struct Config {
    std::string at_start = "work";
  };

  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Obeys, whatever comes of it.")
        .field("at_start", &Config::at_start, "work, refuse or crash.");
  }

  static FunctionInfo info() {
    return {.name = "unruly",
            .summary = "Obeys, whatever comes of it.",
            .outputs = {{"rows", OutputKind::rows, "Rows."},
                        {"files", OutputKind::objects, "Objects."},
                        {"notes", OutputKind::messages, "Messages."}},
            .flags = TIDEMILL_NON_BLOCKING};
  }

  explicit Unruly(const Config& config) {
    if (config.at_start == "refuse") throw std::runtime_error("it was told to refuse");
    if (config.at_start == "crash") *nowhere = 1;
  }

  void cancel() { cancelled_ = true; }

  Response handle(const Batch& batch, Context& context) {
    Response response(context);
    for (const EventView event : batch) obey(event, context, response);
    return response;
  }

 private:
  void obey(const EventView& event, Context& context, Response& response) {
    const std::string_view data = event.data();
    const auto space = std::min(data.find(' '), data.size());
    const auto order = data.substr(0, space);
    const auto argument = data.substr(std::min(space + 1, data.size()));
    const auto row = [&](std::string_view value) {
      response.put_row(event, 0, event.key(), value);
    };
    if (order == "echo") {
      response.put_row(event, 0, event.key(), event.data());
    } else if (order == "identify") {
      response.put_row(event, 0, event.id(), event.data());
    } else if (order == "say") {
      row(argument);
    } else if (order == "about") {
      row(std::string(event.id()) + "|" + std::string(event.source()) + "|" +
          std::string(event.type()) + "|" + std::string(event.subject()) + "|" +
          std::string(event.content_type()) + "|" + std::string(event.extension("trace")) + "|" +
          std::to_string(event.time_us()) + "|" + std::to_string(event.object_bytes()) + "|" +
          std::string(context.request_id()) + "|" + std::to_string(context.attempt()) + "|" +
          std::to_string(context.seed()));
    } else if (order == "all") {
      response.delete_row(event, 0, event.key());
      response.merge_row(event, 0, event.key(), MergeKind::max, -7);
      const std::pair<std::string, std::string> metadata[] = {{"width", "200"}, {"by", "unruly"}};
      response.put_object(event, 1, event.key(), argument, {"text/plain", metadata});
      response.publish(event, 2, event.key(), argument);
    } else if (order == "fail") {
      response.fail_event(event, argument == "bad" ? Fault::bad_event : Fault::transient, argument);
    } else if (order == "fail_batch") {
      response.fail_batch(Fault::bad_event, argument);
    } else if (order == "fill") {
      row(std::string(static_cast<std::size_t>(std::atoll(std::string(argument).c_str())), 'x'));
    } else if (order == "object") {
      const auto object = event.read_object(std::uint64_t{1} << 30);
      if (!object) return response.fail_event(event, object.error());
      row(*object);
    } else if (order == "scan") {
      const auto page = context.table("users").scan({.after = argument});
      if (!page) return row("failed: " + page.error().message);
      std::string found;
      for (const auto& one : page->rows) found.append(one.key).append("=").append(one.value);
      row(found);
    } else if (order == "reply") {
      response.reply(event, 404, argument);
    } else if (order == "table") {
      const auto value = context.table("users").get(argument);
      if (!value) return response.fail_event(event, value.error());
      row(value->value_or("nobody"));
    } else if (order == "ask_for_ever") {
      while (event.read_object(10)) continue;
    } else if (order == "log") {
      context.log(TIDEMILL_LOG_WARNING, argument);
    } else if (order == "print") {
      std::fprintf(stderr, "%s\n", std::string(argument).c_str());
    } else if (order == "loop") {
      std::atomic<int> turns = 0;
      while (zero == 0) ++turns;
    } else if (order == "linger") {
      while (!context.expired()) continue;
      row("stopped");
    } else if (order == "until_cancelled") {
      while (!cancelled_) continue;
      row("cancelled");
    } else if (order == "ignore_term") {
      signal(SIGTERM, SIG_IGN);
      while (zero == 0) continue;
    } else if (order == "crash") {
      *nowhere = 1;
    } else if (order == "exit") {
      _exit(3);
    } else if (order == "allocate") {
      std::string huge(static_cast<std::size_t>(std::atoll(std::string(argument).c_str())) << 20,
                       'x');
      // Read through a volatile pointer: a compiler may drop memory that nobody looks at.
      const volatile char* last = &huge.back();
      row(std::to_string(huge.size()) + *last);
    } else if (order == "pid") {
      row(std::to_string(getpid()));
    } else if (order == "fill_bells") {
      // As a stray write would: the engine's next one has no room.
      const std::uint64_t full = ~std::uint64_t{0} - 1;
      std::uint64_t rest = 0;
      std::ignore = read(6, &rest, sizeof rest);
      std::ignore = write(6, &full, sizeof full);
      const int own = open("/proc/self/fd/4", O_WRONLY | O_NONBLOCK);
      while (write(own, &full, sizeof full) == sizeof full) continue;
      while (zero == 0) continue;
    } else if (order == "fork") {
      row(std::to_string(stubborn_child()));
    } else if (order == "group") {
      row(std::to_string(getpgrp()));
    } else if (order == "descriptors") {
      row(open_descriptors());
    } else if (order == "environment") {
      row(environment());
    } else if (order == "core") {
      row(core_limit());
    } else if (order == "go_quiet") {
      close(STDOUT_FILENO);
      close(STDERR_FILENO);
    } else if (order == "scribble") {
      std::memset(const_cast<char*>(event.data().data()), 'z', 1);
    }
  }

  std::atomic<bool> cancelled_ = false;
};

}  // namespace

TIDEMILL_FUNCTION(Unruly)
