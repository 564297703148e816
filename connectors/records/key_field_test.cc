#include "key_field.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::records {
namespace {

std::string key(std::string_view path, std::string_view line) {
  return std::string(KeyField(path).in(line));
}

TEST(KeyField, FindsWhatThePathNames) {
  EXPECT_EQ(key(".user", R"({"n":1,"user":"ann","x":2})"), "ann");
  EXPECT_EQ(key(".user.id", R"({"user": {"name": "ann", "id": 17 } })"), "17");
  EXPECT_EQ(key(".on", R"({"on": true})"), "true");
}

TEST(KeyField, IsAPartOfTheLine) {
  const std::string line = R"({"user":"ann"})";
  const KeyField field(".user");
  EXPECT_EQ(field.in(line).data(), line.data() + 9);
}

TEST(KeyField, KeepsTheEscapesOfAString) {
  EXPECT_EQ(key(".user", R"({"user" : "a\"n\u006e" , "x":1})"), R"(a\"n\u006e)");
  EXPECT_EQ(key(".user", R"({"user":""})"), "");
}

TEST(KeyField, ALineThatHasNoneHasNone) {
  for (const char* line :
       {R"({"other":1})", R"({"user":{"id":1}})", R"({"user":[1]})", "[1,2]", "17", "{}",
        R"({"user":nul})", R"({"user":12x})", R"({"user":"open)", "no json"})
    EXPECT_EQ(key(".user", line), "") << line;
  EXPECT_EQ(key(".user.id", R"({"user":7})"), "");
}

TEST(KeyField, WithoutAPathNoLineHasAKey) { EXPECT_EQ(key("", R"({"":1})"), ""); }

TEST(KeyField, EachLineIsReadAnew) {
  const KeyField field(".k");
  EXPECT_EQ(field.in(R"({"k":"long enough to be moved in memory"})"),
            "long enough to be moved in memory");
  EXPECT_EQ(field.in("no json"), "");
  EXPECT_EQ(field.in(R"({"k":2})"), "2");
}

TEST(KeyField, APathHasNamesBetweenItsDots) {
  EXPECT_TRUE(KeyField::is_path(".user"));
  EXPECT_TRUE(KeyField::is_path(".user.id"));
  for (const char* wrong : {"", "user", ".", ".user.", ".user..id", "$event.subject"})
    EXPECT_FALSE(KeyField::is_path(wrong)) << wrong;
}

}  // namespace
}  // namespace tidemill::records
