#include "core/base/detached_event.h"

#include <memory>
#include <string>
#include <vector>

namespace tidemill {
namespace {

// Every text of an event, each once.
void each_text(Event& event, std::vector<Attribute>& extensions, auto visit) {
  for (std::string_view* text : {&event.version, &event.origin, &event.id, &event.source,
                                 &event.type, &event.subject, &event.content_type, &event.key})
    visit(*text);
  for (Attribute& extension : extensions) {
    visit(extension.name);
    visit(extension.value);
  }
}

struct Owned {
  std::string texts;
  Payload before_map;
  std::vector<Attribute> extensions;
};

}  // namespace

Event detached(const Event& event) {
  Event copy = event;
  auto owned = std::make_shared<Owned>();
  owned->extensions.assign(event.extensions.begin(), event.extensions.end());
  std::size_t size = event.data.size();
  each_text(copy, owned->extensions, [&](std::string_view text) { size += text.size(); });
  if (event.before_map != nullptr)
    size += event.before_map->data.size() + event.before_map->content_type.size();
  owned->texts.reserve(size);  // Views point into it.
  const auto keep = [&](std::string_view& text) {
    const std::size_t begin = owned->texts.size();
    owned->texts += text;
    text = std::string_view(owned->texts).substr(begin);
  };
  each_text(copy, owned->extensions, keep);
  if (event.before_map != nullptr) {
    owned->before_map = *event.before_map;
    keep(owned->before_map.data);
    keep(owned->before_map.content_type);
    copy.before_map = &owned->before_map;
  }
  std::string_view data = event.data.view();
  keep(data);
  copy.extensions = owned->extensions;
  copy.data = Bytes(data, std::move(owned));
  return copy;
}

}  // namespace tidemill
