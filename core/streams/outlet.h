// Outlet: one pipeline's way into an embedded stream; see StreamOutlet.
//
// It counts what its pipeline submits, so that the stream knows its size, and tells readers when
// that is written. A pipeline that has ended is no producer any more: readers that run until idle
// wait for that.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "core/dispatch/stream_ports.h"
#include "core/streams/embedded_stream.h"

namespace tidemill {

/// How large a stream may be before a pipeline stops filling it.
struct StreamLimits {
  std::uint64_t records = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t bytes = std::numeric_limits<std::uint64_t>::max();
  /// The pipeline reads the stream itself, and goes on with what it has taken from there: it never
  /// waits for room, which nobody else would make, and is no producer that others wait for.
  bool continues = false;
};

class Outlet final : public StreamOutlet {
 public:
  /// `stream` outlives it. With a table, `stream` holds its changes: the store itself makes the
  /// records, of whatever this pipeline changes in it.
  Outlet(EmbeddedStream& stream, StreamLimits limits, std::optional<TableId> table = {});
  ~Outlet() override { end(); }
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  StreamId stream() const override { return stream_.id(); }
  Partition partition_for(std::string_view key, EventTime time) override;
  bool full() const override;
  void subscribe(Signal& room) override { stream_.subscribe_room(room); }
  void unsubscribe(Signal& room) override { stream_.unsubscribe_room(room); }
  void submitted(const CommitPart& part) override;
  void committed(const CommitPart& part) override;
  void end() override;

 private:
  EmbeddedStream& stream_;
  const StreamLimits limits_;
  const std::optional<TableId> table_;
  std::uint32_t turn_ = 0;  // Where events without a key go; another one after each commit.
  bool ended_ = false;
};

}  // namespace tidemill
