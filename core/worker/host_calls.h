// HostCalls: serves what a handler asks of its host while it runs in a worker - objects, rows, log
// lines. Answers larger than the call area go in pieces, each asked for.
//
// Part of one Worker; used by the thread that runs its batch. What is asked is not believed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "core/invoke/native_call.h"
#include "core/worker/channel.h"
#include "tidemill/invocation.h"

namespace tidemill::worker {

class HostCalls {
 public:
  /// All of them outlive it.
  HostCalls(const NativeHost& host, const Channel& channel, Port& port)
      : host_(host), channel_(channel), port_(port) {}

  /// Posts the answer. False when no worker asks such a thing.
  bool serve(const Request& request, const Message& message);

  /// What was read of tables since the last time this was asked.
  std::vector<RowRead> take_reads() { return std::exchange(reads_, {}); }

 private:
  bool serve_object(const Request& request, const Message& message);
  bool serve_row(const Message& message);
  bool serve_scan(const Message& message);
  void send_piece(std::uint32_t status, bool found);
  void send_fault(const Error& error);
  std::string_view called(std::uint64_t bytes) const;

  const NativeHost& host_;
  const Channel& channel_;
  Port& port_;
  std::vector<RowRead> reads_;
  Bytes reading_;         ///< What the handler is being read, and ...
  std::size_t sent_ = 0;  ///< ... how much of it the worker has.
};

}  // namespace tidemill::worker
