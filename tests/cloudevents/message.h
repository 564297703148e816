// A message as it came, and what its events say, for comparing with what vectors want.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cloudevents/cloud_events.h"
#include "json_text/json_text.h"

namespace tidemill::cloudevents {

struct Message {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  Result<std::vector<Event>> read(const Binding& binding) const {
    std::vector<HttpHeader> views;
    for (const auto& [name, value] : headers) views.push_back({name, value});
    return read_events(mode_of(views, binding), binding, views, body);
  }
};

using Attributes = std::map<std::string, std::string>;

/// All attributes of an event that was read; specversion is 1.0, or it would not have been.
inline Attributes attributes_of(const Event& event) {
  Attributes all{{"specversion", "1.0"}, {"id", std::string(event.id)}};
  const auto add = [&all](const char* name, std::string_view value) {
    if (!value.empty()) all[name] = value;
  };
  add("source", event.source);
  add("type", event.type);
  add("subject", event.subject);
  add("datacontenttype", event.content_type);
  if (event.time.value != 0) {
    const auto seconds = static_cast<std::time_t>(event.time.value / 1'000'000);
    std::tm parts{};
    char text[32];
    gmtime_r(&seconds, &parts);
    all["time"] = std::string(text, std::strftime(text, sizeof text, "%FT%TZ", &parts));
  }
  for (const Attribute& one : event.extensions) all[std::string(one.name)] = one.value;
  return all;
}

/// Whether its data is `wanted`: the same JSON where it is JSON, else the same bytes.
inline void expect_data(const Event& event, std::string_view wanted) {
  if (names_json(event.content_type) && !wanted.empty()) {
    EXPECT_EQ(boost::json::parse(event.data.view()), boost::json::parse(wanted));
  } else {
    EXPECT_EQ(event.data.view(), wanted);
  }
}

inline std::string vectors(std::string_view name) {
  const std::ifstream file(TIDEMILL_SOURCE_DIR "/tests/data/cloudevents/" + std::string(name));
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace tidemill::cloudevents
