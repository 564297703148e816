#include "stdout_sink.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <mutex>
#include <utility>

#include "tidemill/posix.h"

namespace tidemill::stdout {
namespace {

void ignore_broken_pipes() {
  struct sigaction now{};
  if (::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL)
    std::ignore = std::signal(SIGPIPE, SIG_IGN);
}

// Standard output may be shared with a shell that made it non-blocking.
void wait_for_room(int fd) {
  pollfd waiting{fd, POLLOUT, 0};
  std::ignore = ::poll(&waiting, 1, -1);
}

}  // namespace

SinkTraits StdoutSink::traits() const {
  return {.idempotence = idempotence,
          .takes_messages = true,
          .takes_objects = false,
          .concurrent_writes = false};
}

Task<Result<>> StdoutSink::open() {
  ignore_broken_pipes();
  co_return Result<>();
}

Task<std::vector<Result<>>> StdoutSink::write(SinkBatch batch) {
  lines_.clear();
  for (const Effect& effect : batch.effects) {
    if (config_.format == Format::json)
      append_message_line(lines_, config_.envelope, batch, effect);
    else
      lines_.append(effect.data).append(1, '\n');
  }
  auto work = [this] { return write_out(); };
  const auto written = co_await run_blocking(services_.scheduler, std::move(work));
  std::vector<Result<>> results;
  if (!written) results.assign(batch.effects.size(), std::unexpected(written.error()));
  co_return results;
}

// Runs on the pool.
Result<> StdoutSink::write_out() {
  static std::mutex one_batch_at_a_time;
  const std::lock_guard lock(one_batch_at_a_time);
  for (std::string_view rest = lines_; !rest.empty();) {
    const ssize_t put = ::write(fd_, rest.data(), rest.size());
    if (put >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      wait_for_room(fd_);
    } else if (errno == EPIPE) {
      return fail(Fault::transient, "nobody reads standard output any more");
    } else if (errno != EINTR) {
      return fail_errno(Fault::transient, "cannot write to standard output");
    }
  }
  return {};
}

Task<> StdoutSink::close() { co_return; }

}  // namespace tidemill::stdout
