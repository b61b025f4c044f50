//! Ports that come again, and what the other end makes of them.

use super::*;

/// Opens a stream, ends it from the far end, and leaves that in TIME-WAIT.
async fn short_stream(handle: &StackHandle, listener: &mut StackListener) {
    let (near, far) = tokio::join!(handle.connect((B, 80).into()), listener.accept());
    let (mut near, (mut far, _)) = (near.unwrap(), far.unwrap());
    far.shutdown().await.unwrap();
    assert_eq!(near.read(&mut [0; 8]).await.unwrap(), 0);
    near.shutdown().await.unwrap();
    assert_eq!(far.read(&mut [0; 8]).await.unwrap(), 0);
    drop((near, far));
    // Its last segments leave.
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
}

#[test]
fn a_port_that_comes_again_at_once_does_not_wait_for_the_far_ends_time_wait() {
    run(async || {
        let mut wire = wire();
        let (a, b) = (wire.a.handle(), wire.b.handle());
        let shared = std::rc::Rc::clone(&wire.a.shared);
        over(&mut wire, async {
            let mut listener = b.listen(80).unwrap();
            short_stream(&a, &mut listener).await;
            shared.engine.borrow_mut().ports.again();
            let begun = tokio::time::Instant::now();
            short_stream(&a, &mut listener).await;
            assert!(begun.elapsed() < std::time::Duration::from_millis(500), "{:?}", begun.elapsed());
        })
        .await;
    });
}
