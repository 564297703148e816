// The scenarios of http-protocol-binding.feature, with each of their examples.

#include <boost/algorithm/string.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "message.h"

namespace tidemill::cloudevents {
namespace {

std::string trimmed(const std::string& text) { return boost::algorithm::trim_copy(text); }

// The cells of "| a | b |"; none of another line.
std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> all;
  const std::string row = trimmed(line);
  if (!row.starts_with('|')) return all;
  boost::algorithm::split(all, row.substr(1, row.size() - 2), [](char c) { return c == '|'; });
  for (std::string& cell : all) cell = trimmed(cell);
  return all;
}

struct Scenario {
  std::vector<std::string> texts;  // Between lines of """: the request, then the data.
  Attributes attributes;
  std::vector<std::string> content_types;
};

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all;
  std::istringstream feature(vectors("http-protocol-binding.feature"));
  bool quoted = false;
  std::string indent;
  for (std::string line; std::getline(feature, line);) {
    if (trimmed(line) == "\"\"\"") {
      quoted = !quoted;
      indent = line.substr(0, line.find('"'));
      if (quoted) all.back().texts.emplace_back();
    } else if (quoted) {
      all.back().texts.back() +=
          (line.starts_with(indent) ? line.substr(indent.size()) : "") + "\n";
    } else if (trimmed(line).starts_with("Scenario Outline:")) {
      all.emplace_back();
    } else if (const auto row = cells(line); row.size() == 2 && row[0] != "key") {
      all.back().attributes[row[0]] = row[1];
    } else if (row.size() == 1 && row[0] != "contentType") {
      all.back().content_types.push_back(row[0]);
    }
  }
  return all;
}

Message message_of(const std::string& request) {
  Message message;
  std::istringstream lines(request);
  std::string line;
  std::getline(lines, line);  // POST ...
  while (std::getline(lines, line) && !line.empty()) {
    const auto colon = line.find(':');
    message.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  while (std::getline(lines, line)) message.body += line + "\n";
  return message;
}

TEST(CloudEventsFeature, TheBindingOfHttpIsAsItsScenariosHaveIt) {
  int checked = 0;
  for (const Scenario& scenario : scenarios()) {
    ASSERT_EQ(scenario.texts.size(), 2U);
    for (const std::string& type : scenario.content_types) {
      SCOPED_TRACE(type);
      const auto with_type = [&type](std::string text) {
        boost::algorithm::replace_all(text, "<contentType>", type);
        return text;
      };
      Attributes wanted = scenario.attributes;
      for (auto& [name, value] : wanted) value = with_type(value);

      const auto events = message_of(with_type(scenario.texts[0])).read(http_binding);

      ASSERT_TRUE(events) << events.error().message;
      ASSERT_EQ(events->size(), 1U);
      EXPECT_EQ(attributes_of(events->front()), wanted);
      expect_data(events->front(), scenario.texts[1]);
      ++checked;
    }
  }
  EXPECT_EQ(checked, 4);
}

}  // namespace
}  // namespace tidemill::cloudevents
