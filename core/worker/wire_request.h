// A request in the request area: written by the engine, read in place by the worker.
//
// Pure. The events that a worker reads view the area, which stays as it is until it has answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tidemill/invocation.h"
#include "tidemill/result.h"

namespace tidemill::worker {

/// Answers how many bytes of the area the request takes. Errors: transient when it does not fit; a
/// smaller part of the batch may.
Result<std::size_t> write_request(std::span<char> area, const Request& request,
                                  std::uint64_t invocation);

/// A request as the worker reads it. Keeps its buffers from one to the next.
struct ReadRequest {
  std::vector<Event> events;
  std::vector<Attribute> extensions;
  std::uint64_t invocation = 0;
  Request request;  ///< Without read_object.
};

/// Errors: transient when the area holds no request.
Result<> read_request(std::string_view area, ReadRequest& out);

}  // namespace tidemill::worker
