// How values of any type are read and written. A part of arora_glue.hpp.
#ifndef ARORA_GLUE_DYNAMIC_HPP
#define ARORA_GLUE_DYNAMIC_HPP

#include <algorithm>

#include "records.hpp"

namespace arora::glue {

template <> struct Codec<Value> : Tagged {
    static std::string name() { return "a value"; }
    static bool read(Reading &in, Value &to, std::uint32_t depth);
    static bool write(Writing &out, const Value &from, std::uint32_t depth);
};

template <> struct Codec<FieldsValue> {
    static bool read(Reading &in, FieldsValue &to, std::uint32_t depth) {
        for (std::uint32_t left = in.count(16 + 1); left > 0; left--) {
            FieldValue &field = to.emplace_back();
            if (!in.take(&field.id, sizeof field.id) || !Codec<Value>::read(in, field.value, depth)) return false;
        }
        return in.done();
    }
    static bool write(Writing &out, const FieldsValue &from, std::uint32_t depth) {
        out.count(from.size());
        for (const FieldValue &field : from) {
            out.uuid(field.id);
            if (!Codec<Value>::write(out, field.value, depth)) return false;
        }
        return true;
    }
};

template <> struct Codec<VariantValue> {
    static bool read(Reading &in, VariantValue &to, std::uint32_t depth) {
        return in.take(&to.id, sizeof to.id) && Codec<Value>::read(in, to.payload, depth);
    }
    static bool write(Writing &out, const VariantValue &from, std::uint32_t depth) {
        out.uuid(from.id);
        return Codec<Value>::write(out, from.payload, depth);
    }
};

template <> struct Codec<OptionValue> {
    static bool read(Reading &in, OptionValue &to, std::uint32_t depth) {
        if (!arora_read_option(&in.reader)) return in.done();
        to.value = Value();
        return in.may_nest(depth) && Codec<Value>::read(in, *to.value, depth + 1);
    }
    static bool write(Writing &out, const OptionValue &from, std::uint32_t depth) {
        out.byte(ARORA_OPTION);
        out.byte(static_cast<bool>(from.value));
        return !from.value || (out.may_nest(depth) && Codec<Value>::write(out, *from.value, depth + 1));
    }
};

template <> struct Codec<StructureValue> {
    static bool read(Reading &in, StructureValue &to, std::uint32_t depth) {
        return in.tag(ARORA_STRUCTURE, "a structure") && in.may_nest(depth) && in.take(&to.type, sizeof to.type) &&
               Codec<FieldsValue>::read(in, to.fields, depth + 1);
    }
    static bool write(Writing &out, const StructureValue &from, std::uint32_t depth) {
        out.start(ARORA_STRUCTURE, from.type);
        return out.may_nest(depth) && Codec<FieldsValue>::write(out, from.fields, depth + 1);
    }
};

template <> struct Codec<EnumerationValue> {
    static bool read(Reading &in, EnumerationValue &to, std::uint32_t depth) {
        to.variant = VariantValue();
        return in.tag(ARORA_ENUMERATION, "an enumeration") && in.may_nest(depth) && in.take(&to.type, sizeof to.type) &&
               Codec<VariantValue>::read(in, *to.variant, depth + 1);
    }
    static bool write(Writing &out, const EnumerationValue &from, std::uint32_t depth) {
        if (!from.variant) return out.reject("an enumeration has no variant");
        out.start(ARORA_ENUMERATION, from.type);
        return out.may_nest(depth) && Codec<VariantValue>::write(out, *from.variant, depth + 1);
    }
};

template <> struct Codec<MapValue> {
    static bool read(Reading &in, MapValue &to, std::uint32_t depth) {
        if (!in.tag(ARORA_MAP, "a map") || !in.may_nest(depth) || !in.take(&to.id, sizeof to.id)) return false;
        for (std::uint32_t left = in.count(4 + 16 + 1); left > 0; left--) {
            EntryValue &entry = to.entries.emplace_back();
            if (!in.text(entry.key) || !in.take(&entry.id, sizeof entry.id)) return false;
            if (!Codec<Value>::read(in, entry.value, depth + 1)) return false;
        }
        to.entries = in_order(std::move(to.entries));
        return in.done();
    }
    static bool write(Writing &out, const MapValue &from, std::uint32_t depth) {
        if (!out.may_nest(depth)) return false;
        std::vector<EntryValue> entries = in_order(from.entries);
        out.start(ARORA_MAP, from.id);
        out.count(entries.size());
        for (const EntryValue &entry : entries) {
            if (!out.text(entry.key)) return false;
            out.uuid(entry.id);
            if (!Codec<Value>::write(out, entry.value, depth + 1)) return false;
        }
        return true;
    }

  private:
    // In ascending order of their keys; of equal keys, the last.
    static std::vector<EntryValue> in_order(std::vector<EntryValue> entries) {
        auto before = [](const EntryValue &a, const EntryValue &b) { return a.key < b.key; };
        std::stable_sort(entries.begin(), entries.end(), before);
        std::size_t kept = 0;
        for (std::size_t i = 0; i < entries.size(); i++) {
            if (i + 1 < entries.size() && entries[i].key == entries[i + 1].key) continue;
            if (kept != i) entries[kept] = std::move(entries[i]);
            kept++;
        }
        entries.resize(kept);
        return entries;
    }
};

// Arrays of structures or of enumerations of any type, `items` of which are read and written by Codec<Item>.
template <class T, class Item, std::uint8_t ElementTag> struct ItemsOfType {
    static bool read(Reading &in, T &to, std::uint32_t depth) {
        arora_array array = arora_read_array(&in.reader);
        if (!in.done() || !in.may_nest(depth)) return false;
        to.type = array.type;
        for (std::uint32_t i = 0; i < array.count; i++) {
            if (!Codec<Item>::read(in, to.items.emplace_back(), depth + 1)) return false;
        }
        return true;
    }
    static bool write(Writing &out, const T &from, std::uint32_t depth) {
        if (!out.may_nest(depth)) return false;
        (void)arora_write_array_(&out.writer, ElementTag, static_cast<std::uint32_t>(from.items.size()));
        out.uuid(from.type);
        for (const Item &item : from.items) {
            if (!Codec<Item>::write(out, item, depth + 1)) return false;
        }
        return true;
    }
};

template <> struct Codec<StructuresValue> : ItemsOfType<StructuresValue, FieldsValue, ARORA_STRUCTURE> {};
template <> struct Codec<EnumerationsValue> : ItemsOfType<EnumerationsValue, VariantValue, ARORA_ENUMERATION> {};

template <class T> bool read_as(Reading &in, Value &to, std::uint32_t depth) {
    return Codec<T>::read(in, to.is.emplace<T>(), depth);
}

inline bool read_array_value(Reading &in, Value &to, std::uint32_t depth) {
    std::uint32_t at = in.reader.position + 1;
    switch (at < in.reader.size ? in.reader.buffer[at] : static_cast<std::uint8_t>(ARORA_INVALID)) {
    case ARORA_BOOLEAN: return read_as<std::vector<bool>>(in, to, depth);
#define ARORA_READ_ARRAY_(name, type, tag)                                                                             \
    case tag: return read_as<std::vector<type>>(in, to, depth);
        ARORA_NUMBERS_(ARORA_READ_ARRAY_)
#undef ARORA_READ_ARRAY_
    case ARORA_STRING: return read_as<std::vector<std::string>>(in, to, depth);
    case ARORA_STRUCTURE: return read_as<StructuresValue>(in, to, depth);
    case ARORA_ENUMERATION: return read_as<EnumerationsValue>(in, to, depth);
    case ARORA_DYNAMIC: return read_as<std::vector<Value>>(in, to, depth);
    default: return in.refuse("expected the element tag of an array");
    }
}

inline bool Codec<Value>::read(Reading &in, Value &to, std::uint32_t depth) {
    if (!in.done()) return false;
    switch (arora_peek(&in.reader)) {
    case ARORA_UNIT: return read_as<Unit>(in, to, depth);
    case ARORA_BOOLEAN: return read_as<bool>(in, to, depth);
#define ARORA_READ_NUMBER_(name, type, tag)                                                                            \
    case tag: return read_as<type>(in, to, depth);
        ARORA_NUMBERS_(ARORA_READ_NUMBER_)
#undef ARORA_READ_NUMBER_
    case ARORA_STRING: return read_as<std::string>(in, to, depth);
    case ARORA_UUID_VALUE: return read_as<Uuid>(in, to, depth);
    case ARORA_OPTION: return read_as<OptionValue>(in, to, depth);
    case ARORA_STRUCTURE: return read_as<StructureValue>(in, to, depth);
    case ARORA_ENUMERATION: return read_as<EnumerationValue>(in, to, depth);
    case ARORA_MAP: return read_as<MapValue>(in, to, depth);
    case ARORA_ARRAY: return read_array_value(in, to, depth);
    default: return in.refuse("expected a value");
    }
}

inline bool Codec<Value>::write(Writing &out, const Value &from, std::uint32_t depth) {
    return std::visit([&](const auto &value) { return Codec<std::decay_t<decltype(value)>>::write(out, value, depth); },
                      from.is);
}

} // namespace arora::glue

#endif // ARORA_GLUE_DYNAMIC_HPP
