// Any bytes at all from a worker are an answer whose every view can be read, or an error: no crash,
// no read beyond what was copied, no effect that its plugin's declaration does not allow.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/worker/wire_answer.h"

namespace {

using namespace tidemill;

std::size_t touched(std::string_view text) {
  std::size_t sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return sum;
}

std::vector<Event> make_events() {
  std::vector<Event> events(5);
  for (Event& event : events) {
    event.source = "clicks";
    event.type = "click";
    event.subject = "page";
    event.key = "key";
    event.data = Bytes::copy("some data of an event");
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Event> events = make_events();
  static const config::FunctionDecl decl = [] {
    config::FunctionDecl d;
    d.outputs = {{"rows", OutputKind::rows, ""},
                 {"files", OutputKind::objects, ""},
                 {"notes", OutputKind::messages, ""}};
    return d;
  }();
  Request request;
  request.events = events;
  std::shared_ptr<char[]> bytes(new char[size]);
  if (size > 0) std::memcpy(bytes.get(), data, size);
  Answer answer;
  if (!worker::read_answer(decl, request, 0, std::move(bytes), size, answer)) return 0;
  std::size_t sum = answer.error ? touched(answer.error->message) : 0;
  for (const EventFailure& failure : answer.failures) {
    if (failure.event >= events.size()) std::abort();
    sum += touched(failure.reason);
  }
  std::uint32_t last = 0;
  for (const Effect& effect : answer.effects) {
    if (effect.event >= events.size() || effect.event < last || effect.output > 2) std::abort();
    last = effect.event;
    sum += touched(effect.key) + touched(effect.content_type) + touched(effect.data);
    for (const Attribute& a : effect.metadata) sum += touched(a.name) + touched(a.value);
  }
  // Never so large; the compiler does not know, and has to read it all.
  return sum == SIZE_MAX ? -1 : 0;
}
