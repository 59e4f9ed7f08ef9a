//! `ReadOnlyRegistry` refuses every write before the wrapped registry hears of it.

use futures::executor::block_on;
use lockage_registry::testing::{Recorder, fixtures};
use lockage_registry::{Error, ErrorKind, Prune as _, ReadOnly, Source as _, Target as _};

use crate::{memory, repo, tag};

#[test]
fn every_write_is_refused_and_none_arrives() {
    let (memory, repo, image) = (memory(), repo(), fixtures::image(1));
    block_on(fixtures::push(&memory, &repo, &image, &"v1".parse().unwrap())).unwrap();
    let recorder = Recorder::new(memory);
    let registry = ReadOnly::new(recorder.clone()).into_registry();
    assert_eq!(registry.to_string(), "ReadOnlyRegistry(Recorder(memory registry.test))");

    let digest = image.root().digest();
    let refusals: [Error; 4] = [
        block_on(registry.put_manifest(&repo, image.root(), &tag("v2"))).unwrap_err(),
        block_on(registry.open_blob(&repo, &image.blobs[0].0, None)).unwrap_err(),
        block_on(registry.delete_manifest(&repo, digest)).unwrap_err(),
        block_on(registry.delete_tag(&repo, &"v1".parse().unwrap())).unwrap_err(),
    ];
    for refused in refusals {
        assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
        assert!(refused.to_string().ends_with(": this registry is read-only"), "{refused}");
        assert_eq!(refused.oci_errors()[0].code, "UNSUPPORTED", "{refused}");
        assert!(!refused.is_temporary() && refused.remedy().is_some(), "{refused}");
    }
    assert_eq!(recorder.calls(), []);
    assert_eq!(block_on(registry.resolve(&repo, &tag("v1"))).unwrap().digest, *digest);
    assert_eq!(recorder.calls().len(), 1);
}
