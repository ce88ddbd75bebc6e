-- id: property-over-time
-- title: How one property of an object changed
-- description: Old and new value at each change, with who did it.
-- parameters:
--   object text: the object's id
--   path text = '': the property, or the beginning of its path; empty for all

SELECT changed_at, path, old_value, new_value, actor, actor_ip, confidence
FROM property_changes
WHERE object_id = $object AND starts_with(path, $path)
ORDER BY changed_at, path
