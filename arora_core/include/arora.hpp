// arora.hpp: what the functions of a module in C++ take and return.
//
// `arora generate --language cpp` writes a header for a module that includes this one. A function that the author
// defines looks like this:
//
//     arora::Result<double> statistics::mean(std::vector<double> values) {
//         if (values.empty()) return arora::Error{"no values"};
//         return std::accumulate(values.begin(), values.end(), 0.0) / values.size();
//     }
//
// It needs C++17 and its library, but neither exceptions nor run-time type information.
#ifndef ARORA_HPP
#define ARORA_HPP

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arora.h"

// In the namespace of the type, where they are found.
inline bool operator==(const arora_uuid &a, const arora_uuid &b) {
    return arora_uuid_equal(&a, &b);
}

inline bool operator!=(const arora_uuid &a, const arora_uuid &b) {
    return !(a == b);
}

namespace arora {

// A failure: its message, UTF-8, is what the caller sees.
struct Error {
    std::string message;
};

// What a function returns: a value, or the failure that it ended with.
template <class T> class [[nodiscard]] Result {
  public:
    Result(T value) : is_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : is_(std::in_place_index<1>, std::move(error)) {}

    // Whether there is a value.
    explicit operator bool() const { return is_.index() == 0; }

    // The value, if there is one.
    T &operator*() { return *std::get_if<0>(&is_); }
    const T &operator*() const { return *std::get_if<0>(&is_); }
    T *operator->() { return std::get_if<0>(&is_); }
    const T *operator->() const { return std::get_if<0>(&is_); }

    // The failure, if there is one.
    const Error &error() const { return *std::get_if<1>(&is_); }

  private:
    std::variant<T, Error> is_;
};

// What a function without a value returns: nothing, or the failure that it ended with. `return {};` is success.
template <> class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    // Whether it succeeded.
    explicit operator bool() const { return !error_.has_value(); }

    // The failure, if there is one.
    const Error &error() const { return *error_; }

  private:
    std::optional<Error> error_;
};

// A value that says nothing.
struct Unit {};

using Uuid = arora_uuid;

// A value that is kept elsewhere in memory, so that a type can contain itself. Copying a box copies the value.
template <class T> class Box {
  public:
    Box() = default;
    Box(T value) : held_(std::make_unique<T>(std::move(value))) {}
    Box(const Box &other) : held_(other.held_ ? std::make_unique<T>(*other.held_) : nullptr) {}
    Box(Box &&) noexcept = default;
    Box &operator=(Box other) noexcept {
        held_ = std::move(other.held_);
        return *this;
    }
    ~Box() = default;

    // Whether there is a value: there is one unless nothing was put in, or it was moved away.
    explicit operator bool() const { return held_ != nullptr; }

    T &operator*() { return *held_; }
    const T &operator*() const { return *held_; }
    T *operator->() { return held_.get(); }
    const T *operator->() const { return held_.get(); }

  private:
    std::unique_ptr<T> held_;
};

// A vector of `Count` items: that there are so many is checked when it is read and when it is written.
template <class T, std::uint32_t Count> struct FixedArray : std::vector<T> {
    using std::vector<T>::vector;
};

// Values by text. A key may have none.
template <class T> using Map = std::map<std::string, std::optional<T>>;

// Values of any type.

struct Value;
struct VariantValue;

struct FieldValue;
using FieldsValue = std::vector<FieldValue>;

struct OptionValue {
    Box<Value> value; // empty for none
};

struct StructureValue {
    Uuid type;
    FieldsValue fields;
};

struct EnumerationValue {
    Uuid type;
    Box<VariantValue> variant;
};

struct EntryValue;

// The value of a key that has none is a unit.
struct MapValue {
    Uuid id;
    std::vector<EntryValue> entries; // in ascending order of their keys
};

struct StructuresValue {
    Uuid type;
    std::vector<FieldsValue> items;
};

struct EnumerationsValue {
    Uuid type;
    std::vector<VariantValue> items;
};

// A value of any type. Vectors are arrays, the last one of values of different types.
struct Value {
    std::variant<Unit, bool, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, std::int8_t, std::int16_t,
                 std::int32_t, std::int64_t, float, double, std::string, Uuid, OptionValue, StructureValue,
                 EnumerationValue, MapValue, std::vector<bool>, std::vector<std::uint8_t>, std::vector<std::uint16_t>,
                 std::vector<std::uint32_t>, std::vector<std::uint64_t>, std::vector<std::int8_t>,
                 std::vector<std::int16_t>, std::vector<std::int32_t>, std::vector<std::int64_t>, std::vector<float>,
                 std::vector<double>, std::vector<std::string>, StructuresValue, EnumerationsValue, std::vector<Value>>
        is;
};

struct FieldValue {
    Uuid id;
    Value value;
};

struct VariantValue {
    Uuid id;
    Value payload; // a unit if it has none
};

struct EntryValue {
    std::string key;
    Uuid id;
    Value value;
};

// Call what the host registered as `callable`, and return what it returns: a number, a boolean, a string, a uuid, one
// of the module's own types, or any value.
template <class T = Value> Result<T> call(std::uint64_t callable);

} // namespace arora

#endif // ARORA_HPP
