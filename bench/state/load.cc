#include "bench/state/load.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace tidemill::bench {

Events::Events(std::size_t count, std::size_t keys) {
  Draws draws;
  const std::string filler(250, '.');
  for (std::size_t i = 0; i < count; ++i) {
    const std::string user = fmt::format("user-{:08}", draws.next() % keys);
    begins_.push_back(text_.size());
    text_ += fmt::format(
        R"({{"id":"{:016x}","type":"page.viewed","time":"2026-11-24T03:00:00Z","user":{{"id":"{}",)"
        R"("country":"CH"}},"page":{{"url":"https://example.org/{:08x}","took_ms":{}}},)"
        R"("session":{{"agent":"{}","new":false}}}})",
        draws.next(), user, draws.next() & 0xFFFFFFFF, draws.next() % 1000, filler);
    users_.push_back(user);
  }
  text_end_ = text_.size();
  text_.append(simdjson::SIMDJSON_PADDING, '\0');
}

}  // namespace tidemill::bench
