#include "bench/state/load.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace tidemill::bench {

Events::Events(std::size_t count, std::size_t keys) {
  Draws draws;
  constexpr std::size_t event_bytes = 500;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string user = fmt::format("user-{:08}", draws.next() % keys);
    const std::size_t begin = text_.size();
    begins_.push_back(begin);
    text_ += fmt::format(
        R"({{"id":"{:016x}","type":"page.viewed","time":"2026-11-24T03:00:00Z","user":{{"id":"{}",)"
        R"("country":"CH"}},"page":{{"url":"https://example.org/{:08x}","took_ms":{}}},)"
        R"("session":{{"new":false,"agent":")",
        draws.next(), user, draws.next() & 0xFFFFFFFF, draws.next() % 1000);
    constexpr std::string_view end = R"("}})";
    text_.append(begin + event_bytes - end.size() - text_.size(), '.').append(end);
    users_.push_back(user);
  }
  text_end_ = text_.size();
  text_.append(simdjson::SIMDJSON_PADDING, '\0');
}

}  // namespace tidemill::bench
