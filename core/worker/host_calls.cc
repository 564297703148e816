#include "core/worker/host_calls.h"

#include <algorithm>
#include <string>
#include <utility>

#include "tidemill/function_abi.h"

namespace tidemill::worker {
namespace {

constexpr std::size_t log_bytes_max = 8 * 1024;

}  // namespace

std::string_view HostCalls::called(std::uint64_t bytes) const {
  const auto area = channel_.call();
  return {area.data(), std::min<std::uint64_t>(bytes, area.size())};
}

bool HostCalls::serve(const Request& request, const Message& message) {
  switch (message.word) {
    case Word::read_object:
      return serve_object(request, message);
    case Word::read_row:
      return serve_row(message);
    case Word::scan_rows:
      return serve_scan(message);
    case Word::read_on:
      send_piece(TIDEMILL_OK, true);
      return true;
    case Word::log: {
      const std::string sentence(called(std::min<std::uint64_t>(message.bytes, log_bytes_max)));
      const auto level = std::min<std::uint64_t>(message.number, TIDEMILL_LOG_ERROR);
      host_.log->write(static_cast<LogLevel>(level), sentence);
      port_.post({.word = Word::resume});
      return true;
    }
    default:
      return false;
  }
}

bool HostCalls::serve_object(const Request& request, const Message& message) {
  if (message.number >= request.events.size()) return false;
  if (!request.read_object) {
    send_fault({Fault::bad_event, "this source has no objects to read"});
    return true;
  }
  // Larger than its worker it is of no use, and the engine would be the first to hold it.
  const auto bytes_max = std::min(message.limit, host_.memory_bytes_max);
  auto object = request.read_object(request.events[message.number], bytes_max);
  if (!object) {
    send_fault(object.error());
    return true;
  }
  reading_ = std::move(*object);
  sent_ = 0;
  send_piece(TIDEMILL_OK, true);
  return true;
}

bool HostCalls::serve_row(const Message& message) {
  const std::string both(called(message.bytes));
  if (message.number > both.size()) return false;
  if (!host_.read_row) {
    send_fault({Fault::transient, "there is no table to read here"});
    return true;
  }
  if (reads_.size() >= reads_max) {
    send_fault({Fault::transient, std::string(too_many_reads)});
    return true;
  }
  const std::string_view view = both;
  auto row = host_.read_row(view.substr(0, message.number), view.substr(message.number), reads_);
  if (!row) {
    send_fault(row.error());
    return true;
  }
  reading_ = *row ? std::move(**row) : Bytes();
  sent_ = 0;
  send_piece(TIDEMILL_OK, row->has_value());
  return true;
}

bool HostCalls::serve_scan(const Message& message) {
  const std::string question(called(message.bytes));
  auto scan = read_scan(question);
  if (!scan) return false;
  if (!host_.scan_rows) {
    send_fault({Fault::transient, "there is no table to read here"});
    return true;
  }
  if (auto fits = scan->fit(reads_.size()); !fits) {
    send_fault(fits.error());
    return true;
  }
  scan->bytes_max = std::min(scan->bytes_max, host_.memory_bytes_max);
  auto page = host_.scan_rows(*scan, reads_);
  if (!page) {
    send_fault(page.error());
    return true;
  }
  reading_ = std::move(*page);
  sent_ = 0;
  send_piece(TIDEMILL_OK, true);
  return true;
}

void HostCalls::send_piece(std::uint32_t status, bool found) {
  const auto rest = reading_.view().substr(sent_);
  const auto piece = rest.substr(0, Channel::call_bytes);
  piece.copy(channel_.call().data(), piece.size());
  sent_ += piece.size();
  const std::uint64_t whole = reading_.size();
  if (piece.size() == rest.size()) {
    reading_ = Bytes();
    sent_ = 0;
  }
  port_.post({.word = Word::resume,
              .status = status,
              .flag = found ? 1u : 0u,
              .bytes = piece.size(),
              .number = whole});
}

void HostCalls::send_fault(const Error& error) {
  reading_ = Bytes::copy(error.message);
  sent_ = 0;
  send_piece(error.fault == Fault::bad_event ? TIDEMILL_BAD_EVENT : TIDEMILL_RETRY, false);
}

}  // namespace tidemill::worker
