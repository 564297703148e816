// A request in the request area: written by the engine, read in place by the worker.
//
// Its events are the very structs that the plugin gets. The engine writes them with pointers that
// are right in the worker, which has said where it sees the area: nothing is left to decode there.
//
// Pure. The events that a worker reads view the area, which stays as it is until it has answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/invoke/native_call.h"
#include "tidemill/invocation.h"
#include "tidemill/result.h"

namespace tidemill::worker {

/// Answers how many bytes of the area the request takes. `seen_at`: the address of the area's
/// start in the worker. Errors: transient when it does not fit; a smaller part of the batch may.
Result<std::size_t> write_request(std::span<char> area, const Request& request,
                                  std::uint64_t invocation, std::uint64_t seen_at);

/// A request as the worker reads it.
struct ReadRequest {
  std::uint64_t invocation = 0;
  Request request;   ///< Without events and read_object.
  RawEvents events;  ///< Its read_object is left alone.
};

/// The engine is believed; only a request that is not there as a whole is recognized.
///
/// Errors: transient when the area holds no request.
Result<> read_request(std::string_view area, ReadRequest& out);

}  // namespace tidemill::worker
