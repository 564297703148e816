// An answer in the answer area: written by the worker; copied out and read by the engine, which
// believes nothing of it.
//
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/config/function_catalog.h"
#include "tidemill/function_abi.h"
#include "tidemill/invocation.h"
#include "tidemill/result.h"

namespace tidemill::worker {

/// Answers how many bytes of the area the answer takes; when it does not fit, what is written is
/// the failure that says so. A text that is part of its own event, one of `events`, is named, not
/// copied. `area` holds any AnswerHead with a short sentence.
std::size_t write_answer(std::span<char> area, std::uint64_t invocation,
                         std::span<const tidemill_event> events, const Answer& answer);

/// Reads a copy of the answer that no worker can change any more. The effects view `bytes`, which
/// the answer keeps, and the events of `request`. What a plugin's response is checked for in
/// process, it is checked for here (response_reader.h).
///
/// Errors: transient, when the worker broke the rules. That the handler failed is not an error: it
/// is in the answer.
Result<> read_answer(const config::FunctionDecl& decl, const Request& request,
                     std::uint64_t invocation, std::shared_ptr<const char[]> bytes,
                     std::size_t size, Answer& out);

}  // namespace tidemill::worker
