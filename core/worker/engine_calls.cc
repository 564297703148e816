#include "core/worker/engine_calls.h"

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "tidemill/function_abi.h"

namespace tidemill::worker {

void EngineCalls::write(LogLevel level, std::string_view sentence) {
  const auto bytes = say(sentence, {});
  ask({.word = Word::log, .bytes = bytes, .number = static_cast<std::uint64_t>(level)});
}

Result<Bytes> EngineCalls::read_object(std::size_t event, std::uint64_t bytes_max) {
  auto read = receive(ask({.word = Word::read_object, .number = event, .limit = bytes_max}));
  if (!read) return std::unexpected(read.error());
  return std::move(read->bytes);
}

Result<std::optional<Bytes>> EngineCalls::read_row(std::string_view table, std::string_view key) {
  if (table.size() + key.size() > Channel::call_bytes)
    return fail(Fault::transient, "the key of the row is too long");
  const auto bytes = say(table, key);
  auto read = receive(ask({.word = Word::read_row, .bytes = bytes, .number = table.size()}));
  if (!read) return std::unexpected(read.error());
  if (!read->found) return std::optional<Bytes>();
  return std::optional(std::move(read->bytes));
}

Result<Bytes> EngineCalls::scan_rows(const TableScan& scan) {
  const std::string question = scan_text(scan);
  if (question.size() > Channel::call_bytes)
    return fail(Fault::transient, "the keys of the scan are too long");
  const auto bytes = say(question, {});
  auto read = receive(ask({.word = Word::scan_rows, .bytes = bytes}));
  if (!read) return std::unexpected(read.error());
  return std::move(read->bytes);
}

void EngineCalls::report(Word word, std::uint32_t status, std::string_view sentence) {
  const auto bytes = say(sentence, {});
  port_.post({.word = word,
              .status = status,
              .bytes = bytes,
              .number = reinterpret_cast<std::uintptr_t>(channel_.request().data())});
}

Message EngineCalls::ask(const Message& question) {
  port_.post(question);
  return port_.wait();
}

std::size_t EngineCalls::say(std::string_view first, std::string_view second) {
  const auto area = channel_.call();
  first = first.substr(0, area.size());
  second = second.substr(0, area.size() - first.size());
  first.copy(area.data(), first.size());
  second.copy(area.data() + first.size(), second.size());
  return first.size() + second.size();
}

Result<EngineCalls::Read> EngineCalls::receive(Message piece) {
  const auto status = piece.status;
  const bool found = piece.flag != 0;
  const auto whole = piece.number;
  std::string text;
  try {
    text.reserve(whole);
  } catch (const std::exception&) {
    return fail(
        Fault::transient,
        fmt::format("{} bytes do not fit into the memory of the function (memory:)", whole));
  }
  for (;;) {
    text.append(channel_.call().data(), piece.bytes);
    if (text.size() >= whole) break;
    piece = ask({.word = Word::read_on});
  }
  if (status == TIDEMILL_OK) return Read{Bytes::adopt(std::move(text)), found};
  return fail(status == TIDEMILL_BAD_EVENT ? Fault::bad_event : Fault::transient, std::move(text));
}

}  // namespace tidemill::worker
