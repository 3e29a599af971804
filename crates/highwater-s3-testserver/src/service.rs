//! The S3 operations that an object store client uses.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use highwater_core::Clock;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag,
    ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input,
    ListObjectsV2Output, Object, PutObjectInput, PutObjectOutput, StreamingBlob, Timestamp,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use crate::fault::{Fault, Faults};
use crate::objects::{Demand, Objects, Unmet, tag};

pub(crate) struct Service {
    pub(crate) objects: Arc<Objects>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Service {
    fn demand(&self, input: &PutObjectInput, quoted: bool) -> Demand {
        if self.faults.conditions_ignored() {
            return Demand::Nothing;
        }
        match (&input.if_none_match, &input.if_match) {
            (Some(_), _) => Demand::Absent,
            (None, Some(ETagCondition::ETag(_))) if quoted && self.faults.quotes_refused() => {
                Demand::Tag("an ETag that nothing has".to_owned())
            }
            (None, Some(ETagCondition::ETag(tag))) => Demand::Tag(tag.value().to_owned()),
            (None, Some(ETagCondition::Any) | None) => Demand::Nothing,
        }
    }

    fn find(&self, key: &str) -> S3Result<Bytes> {
        self.objects.get(key).ok_or_else(|| s3_error!(NoSuchKey))
    }
}

/// A write that has arrived.
struct Write {
    key: String,
    content: Bytes,
    demand: Demand,
    fault: Option<Fault>,
}

impl Write {
    async fn carry_out(self, objects: Arc<Objects>, clock: Arc<dyn Clock>) -> S3Result<String> {
        match &self.fault {
            Some(Fault::ErrorBefore) => return Err(s3_error!(InternalError)),
            Some(Fault::RefusedBefore) => return Err(s3_error!(AccessDenied)),
            Some(Fault::PausedBefore(gate)) => gate.pass().await,
            Some(Fault::Slow(duration)) => clock.sleep(*duration).await,
            _ => {}
        }
        let put = objects.put(&self.key, self.content, &self.demand);
        if let Some(Fault::PausedBefore(gate)) = &self.fault {
            gate.finished();
        }
        let tag = match put {
            Ok(tag) => tag,
            Err(Unmet::Missing) => return Err(s3_error!(NoSuchKey)),
            Err(Unmet::Changed) => return Err(s3_error!(PreconditionFailed)),
        };
        match &self.fault {
            Some(Fault::AppliedThenError) => return Err(s3_error!(InternalError)),
            Some(Fault::AppliedThenRefused) => return Err(s3_error!(AccessDenied)),
            Some(Fault::PausedAfter(gate)) => gate.pass().await,
            _ => {}
        }
        Ok(tag)
    }
}

fn epoch() -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH)
}

fn length(content: &[u8]) -> i64 {
    i64::try_from(content.len()).expect("content in memory")
}

#[async_trait::async_trait]
impl S3 for Service {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let quoted = request.headers.get("if-match").is_some_and(|tag| tag.as_bytes().starts_with(b"\""));
        let (mut input, fault) = (request.input, self.faults.next_put());
        self.objects.count(|counts| counts.puts += 1);
        let body = input.body.take().ok_or_else(|| s3_error!(IncompleteBody))?;
        let content: BytesMut = body.try_collect().await.map_err(|_| s3_error!(IncompleteBody))?;
        let demand = self.demand(&input, quoted);
        let write = Write { key: input.key, content: content.freeze(), demand, fault };
        // What has arrived whole is carried out, whether or not the client still waits for the answer.
        let carried_out = tokio::spawn(write.carry_out(Arc::clone(&self.objects), Arc::clone(&self.clock)));
        let tag = carried_out.await.map_err(|_| s3_error!(InternalError))??;
        Ok(S3Response::new(PutObjectOutput { e_tag: Some(ETag::Strong(tag)), ..Default::default() }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        self.objects.count(|counts| counts.gets += 1);
        let content = self.find(&input.key)?;
        let tag = tag(&content);
        if let Some(ETagCondition::ETag(wanted)) = &input.if_match
            && wanted.value() != tag
        {
            return Err(s3_error!(PreconditionFailed));
        }
        let (part, content_range) = match input.range {
            None => (content.clone(), None),
            Some(range) => {
                let range = range.check(content.len() as u64)?;
                let of = format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), content.len());
                let place = |offset: u64| usize::try_from(offset).expect("content in memory");
                (content.slice(place(range.start)..place(range.end)), Some(of))
            }
        };
        let output = GetObjectOutput {
            content_length: Some(length(&part)),
            content_range,
            e_tag: Some(ETag::Strong(tag)),
            last_modified: Some(epoch()),
            body: Some(StreamingBlob::wrap(futures::stream::iter([Ok::<_, std::io::Error>(part)]))),
            ..Default::default()
        };
        Ok(S3Response::new(output))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        self.objects.count(|counts| counts.gets += 1);
        let content = self.find(&request.input.key)?;
        let output = HeadObjectOutput {
            content_length: Some(length(&content)),
            e_tag: Some(ETag::Strong(tag(&content))),
            last_modified: Some(epoch()),
            ..Default::default()
        };
        Ok(S3Response::new(output))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.objects.count(|counts| counts.deletes += 1);
        self.objects.remove(&request.input.key);
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        self.objects.count(|counts| counts.deletes += 1);
        let mut deleted = Vec::new();
        for object in request.input.delete.objects {
            self.objects.remove(&object.key);
            deleted.push(DeletedObject { key: Some(object.key), ..Default::default() });
        }
        let output = DeleteObjectsOutput { deleted: Some(deleted), ..Default::default() };
        Ok(S3Response::new(output))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        self.objects.count(|counts| counts.lists += 1);
        if input.delimiter.is_some() {
            return Err(s3_error!(NotImplemented));
        }
        let after = input.continuation_token.or(input.start_after).unwrap_or_default();
        let most = input.max_keys.and_then(|most| usize::try_from(most).ok()).unwrap_or(1_000);
        let mut keys = self.objects.keys(input.prefix.as_deref().unwrap_or_default());
        keys.retain(|key| *key > after);
        let truncated = keys.len() > most;
        keys.truncate(most);
        let next = truncated.then(|| keys.last().cloned()).flatten();
        let found = keys.into_iter().filter_map(|key| {
            let content = self.objects.get(&key)?;
            Some(Object {
                size: Some(length(&content)),
                e_tag: Some(ETag::Strong(tag(&content))),
                last_modified: Some(epoch()),
                key: Some(key),
                ..Default::default()
            })
        });
        let contents: Vec<Object> = found.collect();
        let output = ListObjectsV2Output {
            key_count: Some(i32::try_from(contents.len()).expect("a page has few keys")),
            is_truncated: Some(truncated),
            next_continuation_token: next,
            contents: Some(contents),
            ..Default::default()
        };
        Ok(S3Response::new(output))
    }
}
